import type { ElementType } from '../element.ts'
import type { Form } from '../form.ts'
import type { Arithmetic, Compare, Step } from '../steps.ts'
import { fault } from './shapes.ts'
import { checkTrees } from './trees.ts'

/** What is known of a value before any row is there. */
export interface Kind {
  readonly type: ElementType
  readonly width: number
  /** For positions: how many there are. */
  readonly positions?: number
}

interface Place {
  readonly where: string
  readonly texts: number
}

type Rule<S extends Step> = (step: S, of: readonly Kind[], place: Place) => Kind

/** Elements of a row that a value may have. */
export const MOST_WIDTH = 4_000_000

const operands: { readonly [Op in Step['op']]?: readonly [least: number, most: number] } = {
  concat: [1, Number.POSITIVE_INFINITY],
  arithmetic: [1, 2],
  compare: [1, 2],
  where: [3, 3],
}

/** Type and width of each step's result, or what is wrong with it. */
const rules: { readonly [Op in Step['op']]: Rule<Extract<Step, { op: Op }>> } = {
  cast: ({ to }, [x], { where }) => ({ type: to, width: of(x!, where, numeric).width }),
  concat: (_, kinds, { where }) => ({ type: alike(kinds, where), width: kinds.reduce((sum, { width }) => sum + width, 0) }),
  columns: ({ indices }, [x], { where }) => {
    for (const [at, index] of indices.entries()) if (!(index >= 0 && index < x!.width)) throw fault(`${where}.indices[${at}]`, `is ${index} of ${x!.width}`)
    return { type: x!.type, width: indices.length }
  },
  replace: (step, [x], { where, texts }) => {
    each(step.with, x!.width, `${where}.with`)
    if (x!.type === 'text') within([step.what, ...step.with], texts, `${where}.with`)
    if (x!.type === 'i64') wholeNumbers([step.what, ...step.with], `${where}.with`)
    return x!
  },
  scale: ({ offset, factor }, [x], { where }) => {
    each(offset, x!.width, `${where}.offset`)
    each(factor, x!.width, `${where}.factor`)
    return of(x!, where, floating)
  },
  normalize: (_, [x], { where }) => of(x!, where, floating),
  onehot: ({ categories, to }, [x], { where, texts }) => {
    if (x!.width !== 1) throw fault(where, `is of ${x!.width} columns, not 1`)
    if (x!.type === 'text') within(categories, texts, `${where}.categories`)
    return { type: to, width: categories.length }
  },
  lookup: ({ keys, values, otherwise, to }, [x], { where, texts }) => {
    if (keys.length !== values.length) throw fault(`${where}.values`, `has ${values.length} elements for ${keys.length} keys`)
    if (x!.type === 'text') within(keys, texts, `${where}.keys`)
    if (to === 'text') within([otherwise, ...values], texts, `${where}.values`)
    if (to === 'i64') wholeNumbers([otherwise, ...values], `${where}.values`)
    return { type: to, width: x!.width }
  },
  arithmetic: (step, kinds, { where }) => ({ type: of(kinds[0]!, where, ['f32', 'f64', 'i64', 'i32']).type, width: both(step, kinds, where) }),
  compare: (step, kinds, { where }) => {
    if (['and', 'or', 'xor'].includes(step.operator)) of(kinds[0]!, where, ['bool'])
    return { type: 'bool', width: both(step, kinds, where) }
  },
  unary: (step, [x], { where }) => {
    if (step.function === 'not') return of(x!, where, ['bool'])
    if (step.function === 'isnan') return { type: 'bool', width: of(x!, where, floating).width }
    return of(x!, where, ['neg', 'abs', 'sign', 'relu'].includes(step.function) ? ['f32', 'f64', 'i64', 'i32'] : floating)
  },
  where: (_, [condition, yes, no], { where }) => {
    of(condition!, where, ['bool'])
    return { type: alike([yes!, no!], where), width: together([condition!.width, yes!.width, no!.width], where) }
  },
  reduce: ({ groups = 1 }, [x], { where }) => {
    if (x!.width % groups !== 0) throw fault(`${where}.groups`, `${groups} do not divide ${x!.width} columns`)
    return { type: of(x!, where, ['f32', 'f64', 'i64', 'i32']).type, width: groups }
  },
  affine: ({ outputs, weights, bias }, [x], { where }) => {
    if (weights.length !== x!.width * outputs) throw fault(`${where}.weights`, `has ${weights.length} numbers for ${x!.width} columns and ${outputs} outputs`)
    if (bias.length !== outputs) throw fault(`${where}.bias`, `has ${bias.length} numbers, not ${outputs}`)
    return { type: of(x!, where, floating).type, width: outputs }
  },
  trees: ({ trees }, [x], { where }) => {
    if (of(x!, where, numeric).width !== trees.features) throw fault(`${where}.trees.features`, `is ${trees.features}, and the rows have ${x!.width} columns`)
    checkTrees(trees, `${where}.trees`)
    return { type: trees.sum, width: trees.outputs }
  },
  link: (_, [x], { where }) => of(x!, where, floating),
  argmax: (_, [x], { where }) => ({ type: 'i32', width: 1, positions: of(x!, where, numeric).width }),
  choose: ({ labels, to }, [x], { where, texts }) => {
    of(x!, where, ['i32'])
    if (labels.length === 0 || labels.length < (x!.positions ?? 0))
      throw fault(`${where}.labels`, `has ${labels.length} for ${x!.positions ?? 'any'} positions`)
    if (to === 'text') within(labels, texts, `${where}.labels`)
    if (to === 'i64' && !labels.every(Number.isSafeInteger)) throw fault(`${where}.labels`, 'are not whole numbers')
    return { type: to, width: x!.width }
  },
}

const floating = ['f32', 'f64'] as const
const numeric = ['f32', 'f64', 'i64', 'i32', 'bool'] as const

/** The kinds of all values of a form: its inputs, then its steps. */
export function kindsOf({ inputs, steps, texts }: Form): Kind[] {
  const kinds: Kind[] = inputs.map(({ type, width }, index) => bounded({ type, width }, `inputs[${index}]`))
  for (const [index, step] of steps.entries()) {
    const where = `steps[${index}]`
    const [least, most] = operands[step.op] ?? [1, 1]
    if (step.of.length < least || step.of.length > most) throw fault(`${where}.of`, `has ${step.of.length} values`)
    const read = step.of.map((value) => {
      if (!(value >= 0 && value < kinds.length)) throw fault(`${where}.of`, `reads value ${value}; ${kinds.length} are there`)
      return kinds[value]!
    })
    kinds.push(bounded((rules[step.op] as Rule<Step>)(step, read, { where, texts: texts.length }), where))
  }
  return kinds
}

function bounded(kind: Kind, where: string): Kind {
  if (!(kind.width >= 1 && kind.width <= MOST_WIDTH)) throw fault(where, `has ${kind.width} columns, not from 1 to ${MOST_WIDTH}`)
  return kind
}

function of(kind: Kind, where: string, types: readonly ElementType[]): Kind {
  if (!types.includes(kind.type)) throw fault(where, `is of ${kind.type}, not of ${types.join(' or ')}`)
  return kind
}

function alike(kinds: readonly Kind[], where: string): ElementType {
  const { type } = kinds[0]!
  for (const kind of kinds) if (kind.type !== type) throw fault(where, `is of ${type} and ${kind.type}`)
  return type
}

function each(list: readonly number[], width: number, where: string): void {
  if (list.length !== 1 && list.length !== width) throw fault(where, `has ${list.length} numbers for ${width} columns`)
}

/** Width of several together: all the same, or 1. */
function together(widths: readonly number[], where: string): number {
  const width = Math.max(...widths)
  for (const one of widths) if (one !== 1 && one !== width) throw fault(where, `is of ${one} and ${width} columns`)
  return width
}

function both({ constant }: Arithmetic | Compare, kinds: readonly Kind[], where: string): number {
  if ((constant === undefined) !== (kinds.length === 2)) throw fault(where, 'is not of two values, or of one and constants')
  if (constant === undefined) alike(kinds, where)
  else if (kinds[0]!.type === 'i64') wholeNumbers(constant, `${where}.constant`)
  return together([...kinds.map(({ width }) => width), ...(constant === undefined ? [] : [constant.length])], where)
}

/** Positions in the form's texts; −1 is any other text, −2 none. */
function within(positions: readonly number[], texts: number, where: string): void {
  for (const [at, position] of positions.entries()) {
    if (!(Number.isInteger(position) && position >= -2 && position < texts)) throw fault(`${where}[${at}]`, `is text ${position} of ${texts}`)
  }
}

/** Numbers that become i64. */
function wholeNumbers(numbers: readonly number[], where: string): void {
  if (!numbers.every(Number.isInteger)) throw fault(where, 'are not whole numbers')
}
