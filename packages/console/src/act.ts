/** What is done by hand: a form behind its name, with a reason, and the target typed once more where much depends on it. */
import { useState } from 'preact/hooks';
import { ask } from './ask-browser.ts';
import { html, type View } from './html.ts';

type Act = {
  name: string;
  /** Where it goes, under the API. */
  path: string;
  body: (form: FormData) => object;
  /** Beside the reason. */
  fields?: View;
  /** What has to be typed to confirm. */
  typed?: (form: FormData) => string;
  /** How that is asked for. */
  confirm?: View;
  /** With what was answered; a refusal is said where it was pressed. */
  done: (value: never) => void;
};

export function Act({ name, path, body, fields, typed, confirm, done }: Act): View {
  const [said, setSaid] = useState('');
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const sent = event.target as HTMLFormElement;
    const form = new FormData(sent);
    const wanted = typed?.(form);
    if (wanted !== undefined && textIn(form, 'typed') !== wanted)
      return setSaid(`Not done: “${wanted}” was not typed.`);
    setSaid('One moment.');
    try {
      const told = await ask<never>(path, body(form));
      setSaid(told.ok ? '' : `Not done: ${told.problem.detail}.`);
      if (!told.ok) return;
      sent.reset();
      (sent.parentElement as HTMLDetailsElement).open = false;
      done(told.value);
    } catch (thrown) {
      setSaid(`Not done: ${(thrown as Error).message}.`);
    }
  };
  return html`<details><summary>${name}</summary><form onSubmit=${onSubmit}>
    ${fields}
    ${typed && html`<label>To confirm, type ${confirm}<input type="text" name="typed" required autocomplete="off" spellcheck=${false} /></label>`}
    <div class="buttons"><button class=${typed ? 'no' : ''}>${name}</button></div><p role="status">${said}</p></form></details>`;
}

export function reason(name = 'reason', says = 'Reason'): View {
  return html`<label>${says}<textarea name=${name} rows="2" maxlength="500" required></textarea></label>`;
}

/** Without what surrounds it; empty where there is none. */
export function textIn(form: FormData, name: string): string {
  return String(form.get(name) ?? '').trim();
}
