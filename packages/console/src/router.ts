/** Where the browser is, and what is heard meanwhile: the address, the clock, the API's answers and its events, as hooks. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Told } from './api.ts';
import { ask, askInBackground } from './ask-browser.ts';

type Timer = ReturnType<typeof setTimeout> | undefined;

/** These are pages of the server. */
const ELSEWHERE = /^\/console\/(sign-in|sign-out|login|callback|files)\b/;
const RECONNECT_MS = 15_000;
/** Of events that come together, one is told of. */
const GATHER_MS = 100;

/** The path that is shown; a link within the console changes it without leaving the page. */
export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = (): void => setPath(location.pathname);
    const clicked = (event: MouseEvent): void => {
      const link = (event.target as Element).closest?.('a');
      const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
      if (!link || !isPlain || link.origin !== location.origin || !link.pathname.startsWith('/console')) return;
      if (ELSEWHERE.test(link.pathname) || link.target !== '') return;
      event.preventDefault();
      history.pushState(null, '', link.href);
      moved();
    };
    addEventListener('popstate', moved);
    document.addEventListener('click', clicked);
    return () => {
      removeEventListener('popstate', moved);
      document.removeEventListener('click', clicked);
    };
  }, []);
  return path;
}

/** Milliseconds since the epoch, told anew each second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** What `load` tells, now and each time that `tick` changes or `again` is called. Undefined until the first answer. */
export function useTold<T>(
  load: (asking: typeof ask) => Promise<Told<T>>,
  key: string,
  tick = 0,
): { told: Told<T> | undefined; again: () => Promise<void> } {
  const [state, setState] = useState<{ key: string; told: Told<T> } | undefined>();
  const again = useCallback(async () => setState({ key, told: await load(ask) }), [key]);
  useEffect(() => {
    let isOver = false;
    const asking = state?.key === key ? askInBackground : ask;
    void load(asking).then((told) => isOver || setState({ key, told }));
    return () => {
      isOver = true;
    };
  }, [key, tick]);
  return { told: state?.key === key ? state.told : undefined, again };
}

/**
 * A number that changes when one of these events comes, and the hook that says from where: `path` of a stream under the API, null
 * for none. Those that come together, as at the beginning of a stream, are one change.
 */
export function useEvents(kinds: readonly string[]): [tick: number, useStream: (path: string | null) => void] {
  const [tick, setTick] = useState(0);
  const useStream = (path: string | null): void =>
    useEffect(() => (path === null ? undefined : listen(path, kinds, () => setTick((count) => count + 1))), [path]);
  return [tick, useStream];
}

/** Until the function that it gives is called. */
function listen(path: string, kinds: readonly string[], heard: () => void): () => void {
  let source: EventSource;
  let retry: Timer;
  let soon: Timer;
  const gather = (): void => {
    clearTimeout(soon);
    soon = setTimeout(heard, GATHER_MS);
  };
  const open = (): void => {
    source = new EventSource(`/api/v1${path}`);
    for (const kind of kinds) source.addEventListener(kind, gather);
    // A browser connects again by itself, but not after an answer that is no stream.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RECONNECT_MS);
    };
  };
  open();
  return () => {
    source.close();
    clearTimeout(retry);
    clearTimeout(soon);
  };
}
