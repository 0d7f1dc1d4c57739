/** All pages of a listing: a page shown as if it were all would hide who is there. */

type Page<Name extends string, Row> = { readonly [N in Name]: Row[] } & { next_cursor: string | null };

export async function everyPage<Name extends string, Row extends object>(
  ask: (query: { cursor?: string }) => Promise<Page<Name, Row>>,
  name: Name,
): Promise<Row[]> {
  const all: Row[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page<Name, Row> = await ask(cursor === undefined ? {} : { cursor });
    all.push(...page[name]);
    cursor = page.next_cursor;
  }
  return all;
}
