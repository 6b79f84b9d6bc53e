/** Success; something failed; the command line or the config is wrong. */
export const FINE = 0;
export const FAILED = 1;
export const WRONG_USE = 2;
