/** `/docs`: the OpenAPI document as one page that loads nothing from anywhere else. */
type Json = Record<string, unknown>;

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #8886;padding:.3rem .6rem;vertical-align:top}
section{margin:2rem 0}pre{overflow:auto;background:#8881;padding:1rem}h3 b{color:#06c}
@media (prefers-color-scheme:dark){body{background:#111;color:#ddd}a,h3 b{color:#6af}}`;

export function renderDocs(document: Json): string {
  const info = document.info as Json;
  const components = document.components as { schemas: Json; responses: { Refused: Json; Unavailable: Json } };
  const operations = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, spec]) => operation(path, method, spec)),
  );
  const schemas = Object.entries(components.schemas).map(
    ([id, schema]) =>
      `<details id="schema-${html(id)}"><summary>${html(id)}</summary><pre>${html(JSON.stringify(schema, null, 2))}</pre></details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(info.title)} API</title><style>${STYLE}</style></head><body>
<h1>${html(info.title)} API ${html(info.version)}</h1><p>${prose(info.description)}</p>
<p>Send <code>X-API-Key</code> or <code>Authorization: Bearer</code>. The same as a document:
<a href="/openapi.json">/openapi.json</a> (OpenAPI ${html(document.openapi)}).</p>
<h2>Paths</h2>${operations.join('\n')}
<h2>Errors</h2><p>Every error is <a href="#schema-Error">Error</a>.</p>${prose(components.responses.Refused.description)}
${prose(components.responses.Unavailable.description)}
<h2>Schemas</h2>${schemas.join('\n')}</body></html>`;
}

function operation(path: string, method: string, spec: Json): string {
  const parameters = (spec.parameters as Json[]).filter(({ $ref }) => $ref === undefined);
  const body = spec.requestBody as { content: unknown } | undefined;
  const answers = Object.entries(spec.responses as Record<string, Json>).filter(([status]) => !status.endsWith('XX'));
  return `<section><h3><b>${html(method.toUpperCase())}</b> <code>${html(path)}</code></h3>
<p>${prose(spec.summary)}. ${prose(spec.description)}</p><table>
${parameters.map((each) => row(html(each.in), `<code>${html(each.name)}</code>`, `${schemaText(each.schema)} ${prose(each.description)}`)).join('')}
${body === undefined ? '' : row('body', '', contentText(body.content))}
${answers.map(([status, { description, content }]) => row(status, prose(description), contentText(content))).join('')}
</table></section>`;
}

function html(text: unknown): string {
  return String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The little Markdown that descriptions use: code and lists. */
function prose(text: unknown): string {
  return html(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/(?:^- .*\n?)+/gm, (list) => `<ul>${list.replaceAll(/^- (.*)\n?/gm, '<li>$1</li>')}</ul>`);
}

function row(...cells: string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function schemaText(schema: unknown): string {
  const ref = (schema as { $ref?: string } | undefined)?.$ref;
  if (ref !== undefined) {
    const id = html(ref.split('/').at(-1));
    return `<a href="#schema-${id}">${id}</a>`;
  }
  const { type, items, anyOf, enum: names, pattern } = (schema ?? {}) as Json;
  if (Array.isArray(anyOf)) return anyOf.map(schemaText).join(' or ');
  if (type === 'array') return `list of ${schemaText(items)}`;
  if (Array.isArray(names)) return names.map((name) => `<code>${html(name)}</code>`).join(' ');
  return `${html(type ?? 'any')}${pattern === undefined ? '' : ` <code>${html(pattern)}</code>`}`;
}

function contentText(content: unknown): string {
  return Object.entries((content ?? {}) as Record<string, Json>)
    .map(([media, { schema }]) => `${schemaText(schema)} <small>${html(media)}</small>`)
    .join(', ');
}
