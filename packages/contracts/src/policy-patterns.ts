/** Patterns of names in a policy. */
import { z } from 'zod';

/** `*` stands for one token; as the last one, for one or more. */
export const topicPattern = z
  .string()
  .regex(/^job(\.([a-z0-9_-]{1,64}|\*)){1,8}$/, 'must be a topic pattern such as job.deploy.*');
export const capabilityPattern = z
  .string()
  .regex(/^([a-z0-9_-]{1,64}|\*)(\.([a-z0-9_-]{1,64}|\*)){0,7}$/, 'must be a capability pattern such as *.write');
