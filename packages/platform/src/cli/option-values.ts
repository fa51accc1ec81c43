import { InvalidArgumentError } from 'commander'

/** Collects `K=V` options into a record. */
export function keyValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It takes KEY=VALUE.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Collects `K=NUMBER` options into a record. */
export function keyNumber(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [key = '', value = ''] = Object.entries(keyValue(text))[0] ?? []
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('It takes NAME=NUMBER.')
  return { ...before, [key]: number }
}

/** Collects an option that may be given several times. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text]
}

/** A whole number of at least 1. */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It takes a whole number from 1.')
  return Number(text)
}
