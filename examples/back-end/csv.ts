/** Longest text of one value: a quote that is never closed must not fill the memory. */
const LONGEST_VALUE = 100_000

/** Reads CSV (RFC 4180) as it comes: one array of texts a line. */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line: string[] = []
  let value = ''
  let quoted = false
  let before = ''
  for await (const chunk of chunks) {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (character === '"') {
        // a doubled quote inside quotes is a quote
        if (!quoted && before === '"') value += '"'
        quoted = !quoted
      } else if (quoted) value += character
      else if (character === ',') {
        line.push(value)
        value = ''
      } else if (character === '\n') {
        yield [...line, value]
        line = []
        value = ''
      } else if (character !== '\r') value += character
      before = character
      if (value.length > LONGEST_VALUE) throw new Error('a value is too long; is a quote missing?')
    }
  }
  if (quoted) throw new Error('the last quote is not closed')
  if (line.length > 0 || value !== '') yield [...line, value]
}

/** A line of CSV. */
export function csvLine(values: readonly unknown[]): string {
  const texts = values.map((value) => {
    const text = String(value ?? '')
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  })
  return `${texts.join(',')}\n`
}
