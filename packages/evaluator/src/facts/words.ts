import type { Column } from '../form/form.ts'
import { MISSING, TEST, type Trees } from '../form/trees.ts'
import type { Origin } from './names.ts'

/** Categories of a set that are named; the others are counted. */
const mostNamed = 8

/** What a split asks, as people read it: `age < 41.5 or missing`, `colour in red, blue`, `purpose is not car`. */
export function testInWords(trees: Trees, node: number, { origin, column }: { origin: Origin; column?: Column | undefined }): string {
  const { rule, value, sets } = trees
  const bits = rule[node]!
  const threshold = value[node]!
  const test = bits & 3
  const { name, category } = origin
  if (test === TEST.in) return `${name} in ${setInWords(membersOf(sets, threshold), column)}${missingInWords(bits)}`
  const isFlag = category && threshold > 0 && threshold < 1 && test !== TEST.equal
  const said = isFlag ? `${category.of} is not ${category.value}` : `${name} ${limitInWords(test, threshold, trees.zero)}`
  return `${said}${missingInWords(bits)}`
}

function limitInWords(test: number, threshold: number, zero: number): string {
  // what is as near to 0 is taken for 0 before it is compared
  if (test === TEST.atMost && threshold !== 0 && Math.abs(threshold) <= zero) return threshold < 0 ? '< 0' : '≤ 0'
  return `${SIGN[test]} ${numberInWords(threshold)}`
}

const SIGN: Readonly<Record<number, string>> = { [TEST.less]: '<', [TEST.atMost]: '≤', [TEST.equal]: '=' }

function missingInWords(bits: number): string {
  if ((bits & MISSING.none) !== 0) return ''
  if ((bits & MISSING.yes) !== 0) return (bits & MISSING.zeroToo) !== 0 ? ', or 0 or missing' : ' or missing'
  return (bits & MISSING.zeroToo) !== 0 ? ' and not 0' : ''
}

/** To six digits: a threshold just below 2.5 reads 2.5; its exact value stands beside the words. */
export function numberInWords(x: number): string {
  return Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(6)))
}

function membersOf({ start, words }: Trees['sets'], set: number): number[] {
  const members: number[] = []
  for (let word = start[set]!; word < start[set + 1]!; word++) {
    for (let bit = 0; bit < 32 && members.length <= 1000; bit++) if ((words[word]! >>> bit) & 1) members.push(32 * (word - start[set]!) + bit)
  }
  return members
}

function setInWords(members: readonly number[], column: Column | undefined): string {
  const names = members.slice(0, mostNamed).map((member) => String(column?.categories?.values[member] ?? member))
  const more = members.length - names.length
  if (names.length === 0) return 'nothing'
  return more > 0 ? `${names.join(', ')} and ${more > 990 ? 'many' : more} more` : names.join(', ')
}
