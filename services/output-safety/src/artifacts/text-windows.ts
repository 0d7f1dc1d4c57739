/** Cuts a file that comes in pieces into texts that are screened one by one: each begins with the end of the one before it. */
import { LIMITS } from '@countersign/contracts/limits';

type TextWindows = {
  /** Whether it is text: UTF-8 without U+0000. What is not is read byte by byte from there on, so that what it spells is seen. */
  isText(): boolean;
  /** The windows that these bytes fill. */
  push(bytes: Uint8Array): string[];
  /** The last one, which may be empty where there was none before. */
  end(): string[];
};

/** `whole`: one window, however long. */
export function textWindows(whole: boolean): TextWindows {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let binary = false;
  let left = '';
  let told = 0;
  const decode = (bytes: Uint8Array, stream: boolean): string => {
    if (!binary) {
      try {
        const text = utf8.decode(bytes, { stream });
        if (!text.includes('\0')) return text;
      } catch {}
      binary = true;
    }
    return Buffer.from(bytes).toString('latin1');
  };
  const full = (): string[] => {
    const windows: string[] = [];
    while (!whole && left.length > LIMITS.artifact_window_chars) {
      const end = afterPair(left, LIMITS.artifact_window_chars);
      windows.push(left.slice(0, end));
      left = left.slice(afterPair(left, end - LIMITS.artifact_overlap_chars));
    }
    told += windows.length;
    return windows;
  };
  return {
    isText: () => !binary,
    push(bytes) {
      left += decode(bytes, true);
      return full();
    },
    end() {
      left += decode(new Uint8Array(), false);
      return [...full(), ...(left !== '' || told === 0 ? [left] : [])];
    },
  };
}

/** No cut halves a surrogate pair. */
function afterPair(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
