/** What pip is told by variables, in uv's own names: uv reads none of pip's. Those that uv was given itself go before. */
const NAMES: readonly [pip: string, uv: string][] = [
  ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX'],
  ['PIP_EXTRA_INDEX_URL', 'UV_INDEX'],
  ['PIP_FIND_LINKS', 'UV_FIND_LINKS'],
  ['PIP_CERT', 'SSL_CERT_FILE'],
  ['PIP_NO_INDEX', 'UV_NO_INDEX'],
]

/** The same variables, with what pip would make of them said to uv. */
export function uvVariables(variables: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = { ...variables, UV_PYTHON_DOWNLOADS: 'never', UV_NO_PROGRESS: '1' }
  for (const [pip, uv] of NAMES) if (variables[pip] !== undefined) found[uv] ??= variables[pip]
  return found
}
