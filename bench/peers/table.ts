/**
 * Tables as text that reads well in a terminal and is Markdown.
 */

/** A table of `rows`, the first of which is the head; the first column is set to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":").join(" | ")} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

/** A number with at least `digits` significant digits, in groups of three. */
export function rounded(x: number, digits: number): string {
  return Number(x.toPrecision(Math.max(digits, Math.ceil(Math.log10(Math.abs(x)))))).toLocaleString("en-US", { maximumFractionDigits: 4 });
}
