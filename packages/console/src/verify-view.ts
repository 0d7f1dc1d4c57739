/** Verifying a job in the browser, against a key that the reader pastes; the key is remembered here, not at the server. */
import type { RunRecord } from '@countersign/contracts/record';
import { useState } from 'preact/hooks';
import { orNothing, type Person } from './api.ts';
import { ask } from './ask-browser.ts';
import { html, type View } from './html.ts';
import type { WholeJob } from './load-job.ts';
import type { Step } from './verify-job.ts';

const PINNED = 'countersign-log-key';

export function VerifyView({ whole, person }: { whole: WholeJob; person: Person }): View {
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [said, setSaid] = useState('');
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const vkey = String(new FormData(event.target as HTMLFormElement).get('vkey'));
    localStorage.setItem(PINNED, vkey);
    setSaid('Verifying.');
    const found = await verify(whole.job.job_id, person, vkey);
    setSteps(found);
    setSaid(found.length === 3 && found.every(({ ok }) => ok) ? 'It holds.' : 'It does not hold, or cannot be proven.');
  };
  return html`<section aria-labelledby="verify"><h2 id="verify">Verify in this browser</h2>
    <p>Hashes, the place in the log and its signature are computed again here, against a key that you got from elsewhere than this page.</p>
    <form onSubmit=${onSubmit}><label>Key of the log<input type="text" name="vkey" required autocomplete="off" spellcheck=${false} defaultValue=${localStorage.getItem(PINNED) ?? ''} /></label>
      <div class="buttons"><button>Verify</button></div></form>
    <p role="status"><b>${said}</b></p>
    <ol class="plain">${steps.map(({ ok, says }) => html`<li><b class=${ok ? 'yes' : 'no'}>${ok ? 'yes' : 'no'}</b> ${says}</li>`)}</ol></section>`;
}

/** What verifies is loaded when it is asked for. The entries are asked for anew, so that they and their proof are of one moment. */
async function verify(job_id: string, { tenant }: Person, vkey: string): Promise<Step[]> {
  const path = `/jobs/${encodeURIComponent(job_id)}`;
  const record = orNothing(await ask<RunRecord>(`${path}/record`));
  const entries = orNothing(await ask<unknown[]>(`${path}/timeline`)) as Proof['entries'] | undefined;
  if (record === undefined || entries === undefined) return [{ ok: false, says: 'the server shows no proof' }];
  const { verifyJob } = await import('./verify-job.ts');
  const { inclusion } = record.proof;
  return verifyJob({ chain: `job:${tenant}:${job_id}`, entries, inclusion, vkey });
}

type Proof = Parameters<typeof import('./verify-job.ts').verifyJob>[0];
