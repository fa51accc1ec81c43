import {
  type Document,
  type DocumentOptions,
  isScalar,
  Lexer,
  LineCounter,
  type ParseOptions,
  Parser,
  parseDocument,
  type SchemaOptions,
  type ToJSOptions,
  visit,
} from 'yaml'

/** Longest YAML text that is read, in bytes: what people write by hand has a few thousand. */
export const YAML_LIMIT = 256_000
/** Deepest nesting of lists and maps that is read. */
const DEPTH_LIMIT = 100
/** Anchors that a text may repeat; more only serve to blow it up. */
const ALIAS_LIMIT = 20

/** Why a text cannot be read as YAML, without its name; `line` and `column` count from 1. */
export class YamlFault extends Error {
  readonly place: { line: number; column: number } | undefined

  constructor(message: string, place?: { line: number; column: number }, options?: ErrorOptions) {
    super(message, options)
    this.place = place
  }
}

export type YamlOptions = Omit<
  ParseOptions & DocumentOptions & SchemaOptions & Pick<ToJSOptions, 'maxAliasCount'>,
  'uniqueKeys' | 'prettyErrors' | 'lineCounter' | 'logLevel'
>

/** A text as read: its value, and the document with the places of its parts. */
export interface YamlText {
  value: unknown
  document: Document
  lines: LineCounter
}

/**
 * Reads a YAML text (YAML 1.2) that may come from a stranger, in a time that grows with its length alone. Throws YamlFault for what is too
 * long, nested too deeply, repeats too much, has a key twice or is no YAML.
 */
export function readYaml(text: string, { maxAliasCount = ALIAS_LIMIT, ...options }: YamlOptions = {}): YamlText {
  if (text.length > YAML_LIMIT || Buffer.byteLength(text) > YAML_LIMIT) throw new YamlFault(`it has more than ${YAML_LIMIT} bytes`)
  const lines = new LineCounter()
  checkSyntax(text)
  // the library compares every key with every other, and shows the line of every error
  const document = parseDocument(text, { ...options, uniqueKeys: false, prettyErrors: false, lineCounter: lines, logLevel: 'silent' })
  const [error] = document.errors
  if (error) throw new YamlFault(error.message, placeOf(lines, error.pos[0]))
  checkKeys(document, lines)
  try {
    return { value: document.toJS({ maxAliasCount }) as unknown, document, lines }
  } catch (cause) {
    throw new YamlFault('it repeats too much by aliases, or refers to an anchor that it lacks', undefined, { cause })
  }
}

/** Walks the syntax alone and ends at the first fault: what builds the values calls itself for every level, and collects every fault. */
function checkSyntax(text: string): void {
  const lines = new LineCounter()
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) if (token.type === 'error') throw new YamlFault(token.message, placeOf(lines, token.offset))
    if (parser.stack.length > DEPTH_LIMIT) throw new YamlFault(`it is nested deeper than ${DEPTH_LIMIT} levels`, placeOf(lines, parser.offset))
  }
}

function checkKeys(document: Document, lines: LineCounter): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value))
          throw new YamlFault(`the key ${JSON.stringify(String(key.value).slice(0, 100))} stands twice`, placeOf(lines, key.range?.[0] ?? 0))
        seen.add(key.value)
      }
    },
  })
}

function placeOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}
