/**
 * The family of ops named by the file.
 */
export {};
