/** Where the browser is, and what is heard meanwhile: the address, the clock, the API's answers and its events, as hooks. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Ask, loadPages, type Rows, type Told } from './api.ts';
import { ask } from './ask-browser.ts';
import { heading } from './heading.ts';
import { html, type View } from './html.ts';
import { keepTold, listen } from './live.ts';

/** These are pages of the server. */
const ELSEWHERE = /^\/console\/(sign-in|sign-out|login|callback|files)\b/;
export const LOOK_MS = 10_000;

/** To another address of the console, without leaving the page. */
export function goTo(href: string): void {
  history.pushState(null, '', href);
  dispatchEvent(new PopStateEvent('popstate'));
}

/** The path that is shown, with its query; a link within the console changes it without leaving the page. */
export function usePath(): string {
  const here = (): string => location.pathname + location.search;
  const [path, setPath] = useState(here);
  useEffect(() => {
    const moved = (): void => setPath(here);
    const clicked = (event: MouseEvent): void => {
      const link = (event.target as Element).closest?.('a');
      const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
      if (!link || !isPlain || link.origin !== location.origin || !link.pathname.startsWith('/console')) return;
      if (ELSEWHERE.test(link.pathname) || link.target !== '') return;
      event.preventDefault();
      goTo(link.href);
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

/** Milliseconds since the epoch, told anew each second, or so often. */
export function useNow(every_ms = 1000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every_ms);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** A number that changes every so often, for what no stream tells of. */
export function useLooks(): number {
  return Math.floor(useNow(LOOK_MS) / LOOK_MS);
}

/** What `load` tells, now, each time that `tick` changes or `again` is called, and until it answers. Undefined until the first answer. */
export function useTold<T>(
  load: (asking: Ask) => Promise<Told<T>>,
  key: string,
  tick = 0,
): { told: Told<T> | undefined; again: () => Promise<void> } {
  const [state, setState] = useState<{ key: string; told: Told<T> } | undefined>();
  const keeper = useMemo(() => keepTold(load, (told) => setState({ key, told })), [key]);
  useEffect(() => keeper.stop, [keeper]);
  useEffect(() => void keeper.look(), [keeper, tick]);
  return { told: state?.key === key ? state.told : undefined, again: () => keeper.look(ask) };
}

/** A list page by page: `more` is the button that asks for the next one, where there is one. */
export function usePages<T>(
  path: string,
  field: string,
  tick = 0,
): { told: Told<Rows<T>> | undefined; more: View; again: () => Promise<void> } {
  const wanted = useRef(1);
  const { told, again } = useTold((asking) => loadPages<T>(asking, path, field, wanted.current), path, tick);
  const next = (): void => {
    wanted.current += 1;
    void again();
  };
  const more = told?.ok && told.value.more && html`<div class="buttons"><button onClick=${next}>More</button></div>`;
  return { told, more, again };
}

/** What the last act came to: said at the head of the page, where the focus goes, once it shows what there is now. */
export function useSaid(again: () => Promise<unknown>): [said: string, tell: (said: string) => void] {
  const [said, setSaid] = useState('');
  const tell = (text: string): void => {
    setSaid(text);
    void again();
    document.querySelector<HTMLElement>('h1')?.focus();
  };
  return [said, tell];
}

export function headed(title: string, said = ''): View {
  return html`${heading(title)}<p role="status" class="said">${said}</p>`;
}

/**
 * A number that changes when one of these events may have come, and the hook that says from where: `path` of a stream under the API, null
 * for none. Those that come together, as at the beginning of a stream, are one change.
 */
export function useEvents(kinds: readonly string[]): [tick: number, useStream: (path: string | null) => void] {
  const [tick, setTick] = useState(0);
  const useStream = (path: string | null): void =>
    useEffect(() => (path === null ? undefined : listen(path, kinds, () => setTick((count) => count + 1))), [path]);
  return [tick, useStream];
}
