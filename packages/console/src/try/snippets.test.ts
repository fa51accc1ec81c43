import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { curlSnippet, excelSnippet, mText, pythonLiteral, pythonSnippet, type SnippetInput, shellQuote, typescriptSnippet } from './snippets.ts'

const row = { age: 35, purpose: 'l\'auto "neuve" $HOME', owner: true, married: null, list: [1, 2] }
const input: SnippetInput = {
  url: 'http://127.0.0.1:7310/v1/deployments/credit-risk/predict',
  deployment: 'credit-risk',
  row,
  key: false,
  columns: ['age', 'purpose "x"'],
  fields: [
    { name: 'label', kind: 'label' },
    { name: 'probabilities', kind: 'probabilities', classes: ['bad', 'good'] },
  ],
}

test('a shell gives back exactly the quoted text', () => {
  const text = `it's "so" $HOME \`id\` \\n ü 漢`
  assert.equal(execFileSync('sh', ['-c', `printf %s ${shellQuote(text)}`], { encoding: 'utf8' }), text)
})

test('curl gets the body whole, and the key from the environment only when one is needed', () => {
  const line = curlSnippet(input).replace(/^curl -sS/, 'printf "%s\\0"')
  const parts = execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split('\0')
  assert.equal(parts[0], input.url)
  assert.deepEqual(JSON.parse(parts[parts.indexOf('-d') + 1] ?? ''), { rows: [row] })
  assert.ok(!curlSnippet(input).includes('Authorization'))
  assert.ok(curlSnippet({ ...input, key: true }).includes('"Authorization: Bearer $FAIRLEAD_API_KEY"'))
})

test('the typed client gets the address of the serve port alone', () => {
  const text = typescriptSnippet({ ...input, key: true })
  assert.ok(text.includes('createClient({ url: "http://127.0.0.1:7310", apiKey: process.env.FAIRLEAD_API_KEY })'))
  assert.ok(text.includes('client.predict("credit-risk", {'))
})

test('Python literals', () => {
  assert.equal(pythonLiteral({}), '{}')
  assert.equal(pythonLiteral({ a: { b: null } }), '{\n    "a": {\n        "b": None,\n    },\n}')
  const text = pythonSnippet({ ...input, key: true })
  assert.ok(text.includes('"owner": True') && text.includes('"married": None') && text.includes('"list": [1, 2]'))
  assert.ok(text.startsWith('# pip install requests\nimport os\nimport requests'))
})

test('texts of Power Query', () => {
  assert.equal(mText('a "b" #(lf)\n'), '"a ""b"" #(#)(lf)#(lf)"')
})

test('the Power Query names its columns and flattens probabilities as tables do', () => {
  const text = excelSnippet(input)
  assert.ok(text.includes('{"age", "purpose ""x"""}'))
  assert.ok(text.includes('Web.Contents("http://127.0.0.1:7310", ['))
  assert.ok(text.includes('RelativePath = "v1/deployments/credit-risk/predict"'))
  assert.ok(text.includes('Flat1 = Table.ExpandRecordColumn(Predictions, "probabilities", {"bad", "good"}, {"probabilities_bad", "probabilities_good"}),'))
  assert.ok(text.includes('Table.ToColumns(Source) & Table.ToColumns(Flat1)'))
  assert.ok(!text.includes('Authorization'))
  assert.ok(excelSnippet({ ...input, key: true }).includes('Authorization = "Bearer PASTE-YOUR-KEY"'))
})

test('classes that the signature does not name are read from the first answer', () => {
  const text = excelSnippet({ ...input, fields: [{ name: 'p', kind: 'probabilities' }] })
  assert.ok(text.includes('Record.FieldNames(Table.Column(Predictions, "p"){0})'))
})
