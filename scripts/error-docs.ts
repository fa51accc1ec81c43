import type { ErrorRow } from '../packages/contract/src/errors.ts'

/** Renders the error table as the text of `docs/errors.md`. */
export function renderErrors(errors: Readonly<Record<string, ErrorRow>>): string {
  const lines = [
    '# Errors',
    '',
    'Made from `packages/contract/src/errors/` by `npm run docs`; change it there.',
    '',
    'Fairlead’s own interfaces answer errors as `application/problem+json` (RFC 9457). `code` is stable and never reused: decide by it. `detail` says what happened this time, and `errors` lists each offending place as `{ path, code, detail }`. Under `/v2` the answer is `{ "error": "…" }` and codes of status 422 answer 400, as the Open Inference Protocol has it. *Retry* says whether the same request may succeed later; where it does, `Retry-After` may say when.',
    '',
    '| code | status | gRPC | retry | what it means | what to do |',
    '|---|---|---|---|---|---|',
  ]
  for (const [code, row] of Object.entries(errors)) {
    const cells = [`<a id="${code}"></a>\`${code}\``, row.http, row.grpc, row.retryable ? 'yes' : 'no', row.title, row.remedy]
    lines.push(`| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}
