import type { TreeNodes } from '../form/grove.ts'
import { MISSING, TEST } from '../form/trees.ts'
import type { Element } from './element.ts'
import { areOpposite, type Predicate, predicateOf } from './predicate.ts'
import type { Field, Scope } from './scope.ts'
import type { TreeColumns } from './tree-columns.ts'

/** A tree may come to this many times its document's nodes: predicates of several parts repeat what follows them. */
const MOST_TIMES = 8
const NODES_FREE = 100_000
const MOST_PARTS = 1000

/** Columns that the trees of one step test, in the order in which they are met. */
export class Features {
  readonly fields: Field[] = []
  private readonly known = new Map<number, number>()

  of(field: Field): number {
    const known = this.known.get(field.value)
    if (known !== undefined) return known
    this.known.set(field.value, this.fields.length)
    return this.fields.push(field) - 1
  }
}

/** What the leaves of a tree give. */
export interface Leaves {
  readonly width: number
  /** Numbers of a node's score. */
  score(node: Element): readonly number[]
  /** Whether a row may have no answer: NaN. A label cannot be that, nor what a label is made of. */
  readonly mayBeNull: boolean
}

export interface TreeParts {
  readonly model: Element
  readonly scope: Scope
  readonly features: Features
  readonly leaves: Leaves
  readonly columns: TreeColumns
  addSet(words: readonly number[]): number
}

/** A place that a subtree is written to: the root, or one side of a split. */
interface Place {
  readonly node: number
  readonly side: 'yes' | 'no' | 'root'
}

/** Writes a subtree to a place. The same task means the same subtree. */
type Task = (place: Place) => void

/** What follows a predicate; `unknown` is undefined where there is no answer for a missing value. */
interface Ways {
  readonly yes: Task
  readonly no: Task
  readonly unknown: Task | undefined
}

/**
 * The nodes of a `TreeModel` as binary splits. PMML tries a node's children in order and has rules for what is missing; each
 * comes to a chain of splits with a way for TRUE, FALSE and UNKNOWN. Throws UnreadableModel for rules that cannot be put so.
 */
export function readTree(parts: TreeParts): TreeNodes {
  return new TreeWriter(parts).write()
}

class TreeWriter {
  private readonly parts: TreeParts
  private readonly open: { readonly task: Task; readonly place: Place }[] = []
  private readonly missing: string
  private readonly noTrueChild: string
  private readonly most: number

  constructor(parts: TreeParts) {
    this.parts = parts
    const { model } = parts
    this.missing = model.find('missingValueStrategy') ?? 'none'
    this.noTrueChild = model.find('noTrueChildStrategy') ?? 'returnNullPrediction'
    this.most = NODES_FREE + MOST_TIMES * model.xml.elements
    if (!['none', 'defaultChild', 'lastPrediction', 'nullPrediction'].includes(this.missing))
      throw model.unsupported(`missing values by ${this.missing} are not read`)
    if (this.noTrueChild !== 'returnNullPrediction' && this.noTrueChild !== 'returnLastPrediction')
      throw model.unsupported(`no true child by ${this.noTrueChild} is not read`)
  }

  write(): TreeNodes {
    const { model, scope } = this.parts
    const root = model.child('Node')
    if (root === undefined) throw model.malformed('a tree without a Node')
    const first = predicateOf(root, scope)
    this.parts.columns.clear()
    this.open.push({
      place: { node: -1, side: 'root' },
      task: (place) => this.test(first, place, { yes: this.node(root), no: this.nothing(root), unknown: this.nothing(root) }),
    })
    for (let next = this.open.pop(); next !== undefined; next = this.open.pop()) next.task(next.place)
    return this.parts.columns.take()
  }

  /** A node: its score, or its children one after another. */
  private node(element: Element): Task {
    return (place) => {
      const children = element.all('Node')
      if (children.length === 0) this.leaf(this.parts.leaves.score(element), place)
      else this.chain(element, children, 0)(place)
    }
  }

  private chain(parent: Element, children: readonly Element[], at: number): Task {
    return (place) => {
      const child = children[at]
      if (child === undefined) return this.nothing(parent)(place)
      const { scope } = this.parts
      const predicate = predicateOf(child, scope)
      const last = at === children.length - 2 ? (children[at + 1] as Element) : undefined
      const opposite = last !== undefined && areOpposite(predicate, predicateOf(last, scope)) ? last : undefined
      const yes = this.node(child)
      const no = opposite === undefined ? this.chain(parent, children, at + 1) : this.node(opposite)
      const unknown = this.unknown(parent, children, { at, yes, no, opposite })
      this.test(predicate, place, { yes, no, unknown })
    }
  }

  /** Where a row goes whose value is missing; undefined where there is no answer for it. */
  private unknown(
    parent: Element,
    children: readonly Element[],
    { at, yes, no, opposite }: { at: number; yes: Task; no: Task; opposite: Element | undefined },
  ): Task | undefined {
    if (this.missing === 'none') return opposite === undefined ? no : this.noTrueChild === 'returnLastPrediction' ? this.nothing(parent) : undefined
    if (this.missing === 'nullPrediction') return undefined
    if (this.missing === 'lastPrediction') return (place) => this.leaf(this.parts.leaves.score(parent), place)
    const wanted = parent.find('defaultChild')
    const position = children.findIndex((child) => child.find('id') === wanted && wanted !== undefined)
    if (position < 0) return undefined
    if (position === at) return yes
    if (this.sameField(children.slice(Math.min(at, position), Math.max(at, position) + 1))) return no
    return children[position]?.id === opposite?.id ? no : this.node(children[position] as Element)
  }

  /** Whether children all ask for one field: what is missing for one is missing for the others. */
  private sameField(children: readonly Element[]): boolean {
    const fields = children.map((child) => {
      const predicate = predicateOf(child, this.parts.scope)
      return predicate.kind === 'test' || predicate.kind === 'set' ? predicate.field.value : undefined
    })
    return fields.every((field) => field !== undefined && field === fields[0])
  }

  /** No child is true: the last prediction, or none. */
  private nothing(parent: Element): Task {
    return (place) => {
      const { leaves } = this.parts
      if (this.noTrueChild === 'returnLastPrediction') return this.leaf(leaves.score(parent), place)
      if (!leaves.mayBeNull) throw parent.unsupported('rows that no child is true for have no answer')
      this.leaf(new Array<number>(leaves.width).fill(Number.NaN), place)
    }
  }

  private test(predicate: Predicate, place: Place, ways: Ways): void {
    const { yes, no, unknown } = ways
    switch (predicate.kind) {
      case 'true':
        this.later(yes, place)
        break
      case 'false':
        this.later(no, place)
        break
      case 'missing':
        this.split(
          predicate.field,
          { rule: TEST.less | MISSING.yes, value: Number.NEGATIVE_INFINITY },
          { place, yes: predicate.negated ? no : yes, no: predicate.negated ? yes : no },
        )
        break
      case 'test':
      case 'set':
        this.compare(predicate, place, ways)
        break
      default:
        this.joined(predicate.kind, predicate.parts, place, { yes, no, unknown })
    }
  }

  /** `and`, `or` and `surrogate` of several: the first decides, or leaves it to the others. */
  private joined(kind: 'and' | 'or' | 'surrogate', parts: readonly Predicate[], place: Place, ways: Ways): void {
    const [first, ...rest] = parts
    if (first === undefined) throw this.parts.model.malformed('a predicate of no parts')
    if (parts.length > MOST_PARTS) throw this.parts.model.unsupported(`a predicate of more than ${MOST_PARTS} parts`)
    const others =
      (changed: Partial<Ways>): Task =>
      (at) =>
        this.joined(kind, rest, at, { ...ways, ...changed })
    const further = others({})
    const { yes, no, unknown } = ways
    if (rest.length === 0) this.test(first, place, ways)
    else if (kind === 'surrogate') this.test(first, place, { yes, no, unknown: further })
    else if (kind === 'and')
      this.test(first, place, { yes: further, no, unknown: unknown === no || unknown === undefined ? unknown : others({ yes: unknown }) })
    else this.test(first, place, { yes, no: further, unknown: unknown === no ? further : unknown === undefined ? undefined : others({ no: unknown }) })
  }

  private compare(test: Extract<Predicate, { kind: 'test' | 'set' }>, place: Place, { yes, no, unknown: open }: Ways): void {
    const { field, negated, missing } = test
    const unknown = missing === undefined ? open : missing ? yes : no
    const [whole, half] = negated ? [no, yes] : [yes, no]
    const isAlways = field.from.length === 0
    if (unknown === undefined && !isAlways) this.parts.scope.require([field])
    if (unknown !== undefined && unknown !== yes && unknown !== no && !isAlways) {
      const rest: Task = (at) => this.compare(test, at, { yes, no, unknown: no })
      this.split(field, { rule: TEST.less | MISSING.yes, value: Number.NEGATIVE_INFINITY }, { place, yes: unknown, no: rest })
      return
    }
    const rule = (test.kind === 'set' ? TEST.in : test.rule) | (unknown === whole ? MISSING.yes : 0)
    this.split(field, { rule, value: test.kind === 'set' ? this.parts.addSet(wordsOf(test.members)) : test.value }, { place, yes: whole, no: half })
  }

  private split(
    field: Field,
    { rule, value }: { readonly rule: number; readonly value: number },
    { place, yes, no }: { readonly place: Place; readonly yes: Task; readonly no: Task },
  ): void {
    const node = this.put(place)
    this.parts.columns.split(node, { feature: this.parts.features.of(field), rule, value })
    this.later(no, { node, side: 'no' })
    this.later(yes, { node, side: 'yes' })
  }

  private leaf(numbers: readonly number[], place: Place): void {
    this.parts.columns.leaf(this.put(place), numbers)
  }

  private put({ node: parent, side }: Place): number {
    const { columns } = this.parts
    if (columns.count >= this.most) throw this.parts.model.unsupported('its predicates come to too many splits')
    const node = columns.add()
    if (side !== 'root') columns.join(parent, side, node)
    return node
  }

  private later(task: Task, place: Place): void {
    this.open.push({ task, place })
  }
}

function wordsOf(members: readonly number[]): number[] {
  const words: number[] = []
  for (const member of members) {
    while (words.length <= member >> 5) words.push(0)
    words[member >> 5] = ((words[member >> 5] as number) | (1 << (member & 31))) >>> 0
  }
  return words
}
