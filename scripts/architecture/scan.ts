/** An import of a source file, as written. */
export interface Import {
  specifier: string
  line: number
}

/**
 * Blanks comments, regular expressions and the text of template literals, so that only code and plain strings are left.
 * Lines keep their numbers. Code inside `${…}` is kept.
 */
export function blank(source: string): string {
  let out = ''
  let at = 0
  const templates: number[] = []
  let depth = 0
  const skip = (end: number): void => {
    for (; at < end; at++) out += source[at] === '\n' ? '\n' : ' '
  }
  while (at < source.length) {
    const char = source[at] as string
    const next = source[at + 1]
    if (char === '/' && next === '/') skip(after(source, '\n', at))
    else if (char === '/' && next === '*') skip(after(source, '*/', at + 2))
    else if (char === "'" || char === '"') {
      const end = endOfString(source, at)
      out += source.slice(at, end)
      at = end
    } else if (char === '`') {
      const end = endOfTemplate(source, at + 1)
      skip(end.at)
      if (end.hole) templates.push(depth++)
    } else if (char === '/' && startsRegex(out)) skip(endOfRegex(source, at))
    else {
      if (char === '{') depth++
      if (char === '}') {
        depth--
        if (templates.at(-1) === depth) {
          templates.pop()
          const end = endOfTemplate(source, at + 1)
          skip(end.at)
          if (end.hole) templates.push(depth++)
          continue
        }
      }
      out += char
      at++
    }
  }
  return out
}

const STATEMENT = /(?:^|[;}])[ \t]*(?:import|export)\b[^'"`;()=]*?\bfrom\s*(['"])([^'"\n]+)\1/gm
const BARE = /(?:^|[;}])[ \t]*import\s*(['"])([^'"\n]+)\1/gm
const DYNAMIC = /\b(?:import|import\.meta\.resolve)\(\s*(['"])([^'"\n]+)\1/g

/** All imports of a TypeScript source: statements, re-exports, `import()` and `import.meta.resolve` with a literal. */
export function importsOf(source: string): Import[] {
  const code = blank(source)
  const found: Import[] = []
  for (const pattern of [STATEMENT, BARE, DYNAMIC]) {
    for (const match of code.matchAll(pattern)) {
      const end = match.index + match[0].length
      found.push({ specifier: match[2] as string, line: code.slice(0, end).split('\n').length })
    }
  }
  return found.sort((a, b) => a.line - b.line)
}

/** Package name of a specifier: `@scope/name` or `name`, without the path behind it. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string)
}

function after(source: string, mark: string, start: number): number {
  const found = source.indexOf(mark, start)
  return found < 0 ? source.length : found + mark.length
}

function endOfString(source: string, start: number): number {
  const quote = source[start]
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === quote) return at + 1
    // A quote without a partner on its line is an apostrophe in the text of a JSX element.
    else if (source[at] === '\n') return start + 1
  }
  return start + 1
}

function endOfTemplate(source: string, start: number): { at: number; hole: boolean } {
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '`') return { at: at + 1, hole: false }
    else if (source[at] === '$' && source[at + 1] === '{') return { at: at + 2, hole: true }
  }
  return { at: source.length, hole: false }
}

function startsRegex(before: string): boolean {
  const trimmed = before.trimEnd()
  return trimmed === '' || /(?:[(,=:[!&|?{;+\-*%~^]|=>|\b(?:return|typeof|case|in|of|void|delete))$/.test(trimmed)
}

function endOfRegex(source: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at]
    if (char === '\\') at++
    else if (char === '\n') return start + 1
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) return at + 1
  }
  return start + 1
}
