const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A field as CSV has it: in quotes where it holds what separates fields or lines. */
export function csvCell(text: string, delimiter = ','): string {
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A text that no spreadsheet takes for a formula: before `=`, `+`, `-`, `@`, tab and carriage return stands an apostrophe, unless the text is a
 * number. Source: https://owasp.org/www-community/attacks/CSV_Injection
 */
export function safeText(text: string): string {
  const first = text.charCodeAt(0)
  const risky = first === 0x3d || first === 0x2b || first === 0x2d || first === 0x40 || first === 0x09 || first === 0x0d
  return risky && !NUMBER.test(text) && text !== '-Infinity' ? `'${text}` : text
}
