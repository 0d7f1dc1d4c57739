/** One request under a Host of the test's choice, which fetch would not let through. */
import { request } from 'node:http';

export function askUnderName(
  url: string,
  host: string,
  path: string,
  key: string,
): Promise<{ status: number; code: unknown }> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}${path}`, { headers: { host, 'x-api-key': key } }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      const isJson = response.headers['content-type'] === 'application/json';
      resolve({ status: response.statusCode!, code: isJson ? JSON.parse(text).code : undefined });
    });
    asking.on('error', reject);
    asking.end();
  });
}
