/** The setting that kernel and scheduler share: under which keys a decision is sealed, and known again. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const KEY = '[A-Za-z0-9_-]{43}';
/** Old and new beside each other while keys are changed, and no more. */
const MOST_KEYS = 4;

/** Each 32 bytes, base64url, separated by commas. The first one seals, all of them verify. */
export const decisionSealKeys = z
  .string()
  .regex(new RegExp(`^${KEY}(,${KEY}){0,${MOST_KEYS - 1}}$`), `must be 1 to ${MOST_KEYS} keys of 32 bytes, base64url`)
  .transform((text): readonly KeyObject[] => text.split(',').map((key) => createSecretKey(key, 'base64url')));
