/** Writes a few lines as a service would: a process of its own, because the logger writes to its process's stdout. */
import { CountersignError } from '@countersign/contracts/errors';
import { createLogger, errorFields } from '@countersign/platform/logger';

const SECRET = 'hunter2';
const log = createLogger('ingress', 'info');
const secrets = {
  payload: SECRET,
  prompt: SECRET,
  output: { text: SECRET },
  effective: SECRET,
  request: { payload: SECRET },
  key: SECRET,
  seed: SECRET,
  password: SECRET,
  authorization: `Bearer ${SECRET}`,
};
log.info({ ...secrets, job_id: 'shown' }, 'at the top');
log.info({ job: { ...secrets, job_id: 'shown' } }, 'one level down');
log.debug('below the level');

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown;
  }
}
const data = Object.assign(new Error(`invalid input syntax for type integer: "${SECRET}"`), { code: '22P02' });
log.warn(errorFields(caught(() => JSON.parse(`${SECRET} is no JSON`))), 'a parser');
log.warn(errorFields(data), 'a database');
log.warn(errorFields(new CountersignError('internal', undefined, { cause: data })), 'a cause');
log.warn({ stack: errorFields(new TypeError(`its own words\n${SECRET} in a second line`)).stack }, 'a stack');
log.warn(errorFields(new CountersignError('bus_unavailable', 'its own words')), 'ours');
log.warn(errorFields(SECRET), 'no error');

for (let i = 0; i < 1_000; i += 1) log.warn({ code: 'bus_unavailable', job_id: `job-${i}` }, 'the same again');
log.warn({ code: 'internal' }, 'the same again');
for (let i = 0; i < 20; i += 1) log.info({ code: 'bus_unavailable' }, 'an information');
