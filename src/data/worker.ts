/**
 * What PyTorch tells the processes that load data.
 */

/** Data is loaded where the program runs, never in processes of its own: null, as in PyTorch's main process. */
export function get_worker_info(): null {
  return null;
}
