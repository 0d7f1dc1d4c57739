// The published images that containers of the project stand on: in docker-compose.yml, and under TEST_STACK=containers.
// A mirror's are named by the same variables in both.
type BaseImages = { nats: string; postgres: string };

export const BASE_IMAGES: BaseImages = { nats: 'nats:2.12-alpine', postgres: 'postgres:18' };

/** As the local stack makes its cluster: sorting must not depend on the image's language. */
export const INITDB_ARGS = '--encoding=UTF8 --locale=C';

export function baseImages(env: Readonly<Record<string, string | undefined>>): BaseImages {
  return {
    nats: env.IMAGE_NATS || BASE_IMAGES.nats,
    postgres: env.IMAGE_POSTGRES || BASE_IMAGES.postgres,
  };
}
