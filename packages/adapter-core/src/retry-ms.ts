/** Milliseconds after which asking again makes sense where the API says nothing else. */
export const RETRY_MS = 5_000;
