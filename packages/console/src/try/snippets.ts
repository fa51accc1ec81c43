import { type OutputField, type Row, writeJson } from '@fairlead/contract'

/** What a snippet is made of. */
export interface SnippetInput {
  /** Full address of the row interface of the deployment. */
  url: string
  deployment: string
  row: Row
  /** Whether calls need an API key. */
  key: boolean
  /** Columns in the signature's order. */
  columns: string[]
  fields: Pick<OutputField, 'name' | 'kind' | 'classes'>[]
}

/** Name of the environment variable that the snippets read the key from. */
const KEY = 'FAIRLEAD_API_KEY'
/** The body of a request, one column a line. */
const body = (row: Row) => `{"rows": [${writeJson(row, 2)}]}`

/** Text between single quotes for a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** The request as a curl command. */
export function curlSnippet({ url, row, key }: SnippetInput): string {
  const lines = [`curl -sS ${shellQuote(url)}`, `-H 'Content-Type: application/json'`]
  if (key) lines.push(`-H "Authorization: Bearer $${KEY}"`)
  return [...lines, `-d ${shellQuote(body(row))}`].join(' \\\n  ')
}

/** Address of the serve port: the prediction address without its path. */
export function serveAddress(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return url
  }
}

/** The request with the typed client. */
export function typescriptSnippet({ url, deployment, row, key }: SnippetInput): string {
  const options = [`url: ${JSON.stringify(serveAddress(url))}`, ...(key ? [`apiKey: process.env.${KEY}`] : [])].join(', ')
  return [
    `// npm install @fairlead/client`,
    `import { createClient } from '@fairlead/client'`,
    ``,
    `const client = createClient({ ${options} })`,
    `const answer = await client.predict(${JSON.stringify(deployment)}, ${writeJson(row, 2)})`,
    `console.log(answer.predictions[0])`,
  ].join('\n')
}

/** A JSON value as a Python literal. */
export function pythonLiteral(value: unknown, indent = ''): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (Array.isArray(value)) return `[${value.map((one) => pythonLiteral(one, indent)).join(', ')}]`
  if (typeof value === 'object') {
    const inner = `${indent}    `
    const entries = Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${pythonLiteral(one, inner)},`)
    return entries.length === 0 ? '{}' : `{\n${entries.join('\n')}\n${indent}}`
  }
  return writeJson(value)
}

/** The request in Python with requests. */
export function pythonSnippet({ url, row, key }: SnippetInput): string {
  return [
    `# pip install requests`,
    ...(key ? ['import os'] : []),
    `import requests`,
    ``,
    `row = ${pythonLiteral(row)}`,
    `answer = requests.post(`,
    `    ${JSON.stringify(url)},`,
    `    json={"rows": [row]},`,
    ...(key ? [`    headers={"Authorization": f"Bearer {os.environ['${KEY}']}"},`] : []),
    `    timeout=30,`,
    `)`,
    `answer.raise_for_status()`,
    `print(answer.json()["predictions"][0])`,
  ].join('\n')
}

/** A text of Power Query's formula language: quotes are doubled, `#(` starts an escape and is escaped itself. */
export function mText(text: string): string {
  return `"${text.replaceAll('#(', '#(#)(').replaceAll('"', '""').replaceAll('\r', '#(cr)').replaceAll('\n', '#(lf)').replaceAll('\t', '#(tab)')}"`
}

const mList = (texts: readonly string[]) => `{${texts.map(mText).join(', ')}}`

/** Steps that turn nested answers into flat columns: `probabilities_good`. */
function expandSteps(fields: SnippetInput['fields']): string[] {
  let last = 'Predictions'
  const steps: string[] = []
  for (const field of fields) {
    if (field.kind !== 'probabilities') continue
    const step = `Flat${steps.length + 1}`
    const names = field.classes ? mList(field.classes) : `Record.FieldNames(Table.Column(${last}, ${mText(field.name)}){0})`
    const flat = field.classes ? mList(field.classes.map((name) => `${field.name}_${name}`)) : `List.Transform(${names}, each ${mText(`${field.name}_`)} & _)`
    steps.push(`    ${step} = Table.ExpandRecordColumn(${last}, ${mText(field.name)}, ${names}, ${flat}),`)
    last = step
  }
  return [...steps, `    Named = Table.FromColumns(Table.ToColumns(Source) & Table.ToColumns(${last}), Table.ColumnNames(Source) & Table.ColumnNames(${last}))`]
}

/**
 * A Power Query that scores a table named `Rows` of the workbook and puts the answers beside its columns. Empty cells are left out
 * of a row, as the platform has it for optional columns. A key has to be written into the query: Excel reads no environment.
 */
export function excelSnippet({ url, key, columns, fields }: SnippetInput): string {
  const parsed = new URL(url)
  const headers = [`#"Content-Type" = "application/json"`, ...(key ? [`Authorization = "Bearer PASTE-YOUR-KEY"`] : [])].join(', ')
  return [
    `// 1. In Excel make a table of the columns below (Insert > Table) and name it Rows (Table Design > Table Name).`,
    `// 2. Data > Get Data > From Other Sources > Blank Query > Advanced Editor: paste this in place of what is there.`,
    `// 3. When asked, sign in as Anonymous, and set the privacy of this workbook and of the address to Organizational.`,
    `let`,
    `    Source = Table.SelectColumns(Excel.CurrentWorkbook(){[Name = "Rows"]}[Content], ${mList(columns)}),`,
    `    Filled = (row as record) => Record.SelectFields(row, List.Select(Record.FieldNames(row), each Record.Field(row, _) <> null)),`,
    `    Body = Json.FromValue([rows = List.Transform(Table.ToRecords(Source), Filled)]),`,
    `    Answer = Json.Document(Web.Contents(${mText(parsed.origin)}, [`,
    `        RelativePath = ${mText(parsed.pathname.slice(1))},`,
    `        Headers = [${headers}],`,
    `        Content = Body`,
    `    ])),`,
    `    Predictions = Table.FromRecords(Answer[predictions]),`,
    ...expandSteps(fields),
    `in`,
    `    Named`,
  ].join('\n')
}
