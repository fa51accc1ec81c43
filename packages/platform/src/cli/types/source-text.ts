/** Characters that end a line or turn the direction of text: in a source they would show something else than what is compiled. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

/** Text as a TypeScript literal, whatever it holds. */
export function literal(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  const escaped = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${escaped.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}

/** The name of a property: as it is, or quoted where it is no identifier. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
}

/** Text as one line inside a comment, which it cannot end. */
export function commentText(text: string): string {
  return text.replace(UNSAFE, ' ').replaceAll('*/', '* /').replace(/\s+/g, ' ').trim()
}

/** A doc comment of these lines; nothing where there are none. */
export function docComment(lines: readonly string[], indent: string): string[] {
  const texts = lines.map(commentText).filter((line) => line !== '')
  if (texts.length === 0) return []
  if (texts.length === 1) return [`${indent}/** ${texts[0]} */`]
  return [`${indent}/**`, ...texts.map((text) => `${indent} * ${text}`), `${indent} */`]
}

/** A name for a type: `credit-risk` becomes `CreditRisk`. */
export function typeName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^[A-Z]/.test(joined) ? joined : `D${joined}`
}
