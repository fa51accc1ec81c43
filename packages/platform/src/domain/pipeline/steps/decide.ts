import type { StepOptions } from '@fairlead/contract/control'
import type { Column, ColumnSpec, Frame } from '../columns.ts'
import type { Scope } from '../scope.ts'
import { COLUMN_WORDS } from '../values.ts'

type Decide = StepOptions<'decide'>

/** One way to a label. The rows for which it holds are 1. */
interface Rule {
  label: string
  reason: string
  uses: readonly number[]
  holds(frame: Frame, rows: number): Uint8Array
}

/**
 * `decide`: adds a field to each answer: `review` where no class is likely enough, else the first of `thresholds` and `rules` that holds, else `otherwise`.
 * A rule holds when its condition is true; null does not hold. `reason` names a field for the winner's reason.
 */
export function compileDecide(decide: Decide, scope: Scope): void {
  if (!scope.afterModel) throw scope.error('', 'a decide step needs the answers of the model, so it comes after the model step')
  const { field, otherwise, reason } = decide
  for (const name of reason === undefined ? [field] : [field, reason])
    if (scope.bindings().some((binding) => binding.answered && binding.spec.name === name))
      throw scope.error('field', `the answer already has a field "${name}"`)
  if (reason === field) throw scope.error('reason', 'the reason needs a field of its own')
  const rules = [...reviewRules(decide, scope), ...thresholdRules(decide, scope), ...plainRules(decide, scope)]
  const labels = [...new Set([...rules.map(({ label }) => label), ...(otherwise === null ? [] : [otherwise])])]
  const specs: ColumnSpec[] = [{ name: field, type: 'text', nullable: otherwise === null }]
  if (reason !== undefined) specs.push({ name: reason, type: 'text', nullable: true })
  const compute = (frame: Frame, rows: number): Column[] => {
    const winner = firstThatHolds(rules, frame, rows)
    const decided = texts(winner, [...rules.map(({ label }) => label), otherwise], rows)
    return reason === undefined ? [decided] : [decided, texts(winner, [...rules.map((rule) => rule.reason), null], rows)]
  }
  const [decided] = scope.putAll(specs, { uses: [...new Set(rules.flatMap(({ uses }) => uses))], compute })
  decided!.labels = labels
}

/** The place of the first rule that holds for each row; behind the last where none does. */
function firstThatHolds(rules: readonly Rule[], frame: Frame, rows: number): Uint8Array {
  const winner = new Uint8Array(rows).fill(rules.length)
  for (let at = rules.length - 1; at >= 0; at--) {
    const holds = rules[at]!.holds(frame, rows)
    for (let row = 0; row < rows; row++) if (holds[row] === 1) winner[row] = at
  }
  return winner
}

function texts(winner: Uint8Array, choices: readonly (string | null)[], rows: number): Column {
  const data = new Array<string>(rows)
  let nulls: Uint8Array | undefined
  for (let row = 0; row < rows; row++) {
    const text = choices[winner[row]!] ?? null
    data[row] = text ?? ''
    if (text === null) {
      nulls ??= new Uint8Array(rows)
      nulls[row] = 1
    }
  }
  return { type: 'text', data, nulls }
}

function plainRules(decide: Decide, scope: Scope): Rule[] {
  const { label, when, rules, thresholds, review } = decide
  if (label !== undefined || when !== undefined) {
    if (rules) throw scope.error('', 'give either `label` and `when`, or `rules`, not both')
    if (label === undefined || when === undefined) throw scope.error('', 'a decide step needs `label` and `when`, or `rules`')
    return [condition({ label, when }, 'when', scope)]
  }
  if (!rules) {
    if (thresholds || review) return []
    throw scope.error('', 'a decide step needs `label` and `when`, `rules`, `thresholds` or `review`')
  }
  if (rules.length === 0) throw scope.error('rules', 'the list of rules is empty')
  return rules.map((rule, i) => condition(rule, `rules[${i}].when`, scope))
}

function condition({ label, when, reason }: { label: string; when: string; reason?: string | undefined }, at: string, scope: Scope): Rule {
  const { type, uses, evaluate } = scope.expression(when, at)
  if (type !== 'boolean') throw scope.error(at, `\`when\` must be true or false, and "${when.slice(0, 100)}" is ${COLUMN_WORDS[type]}`)
  return {
    label,
    reason: reason ?? when,
    uses,
    holds(frame, rows) {
      const { data, nulls } = evaluate(frame, rows) as Column & { type: 'boolean' }
      if (!nulls) return data
      const holds = new Uint8Array(rows)
      for (let row = 0; row < rows; row++) holds[row] = nulls[row] === 1 ? 0 : data[row]!
      return holds
    },
  }
}

function thresholdRules({ thresholds }: Decide, scope: Scope): Rule[] {
  if (!thresholds) return []
  const { of, above } = thresholds
  const { type, uses, evaluate } = scope.expression(of, 'thresholds.of')
  if (type !== 'number') throw scope.error('thresholds.of', `a number is needed, and "${of.slice(0, 100)}" is ${COLUMN_WORDS[type]}`)
  return above.map(({ limit, label, reason }, i) => {
    if (i > 0 && limit >= above[i - 1]!.limit)
      throw scope.error(`thresholds.above[${i}].limit`, `limits go down, and ${limit} comes behind ${above[i - 1]!.limit}`)
    return {
      label,
      reason: reason ?? `${of} is at least ${limit}`,
      uses,
      holds(frame, rows) {
        const { data, nulls } = evaluate(frame, rows) as Column & { type: 'number' }
        const holds = new Uint8Array(rows)
        for (let row = 0; row < rows; row++) if (data[row]! >= limit && nulls?.[row] !== 1) holds[row] = 1
        return holds
      },
    }
  })
}

function reviewRules({ review }: Decide, scope: Scope): Rule[] {
  if (!review) return []
  const field = scope.bindings().find((binding) => binding.answered && binding.field?.kind === 'probabilities')
  if (!field) throw scope.error('review', 'how sure a model is shows in its probabilities, and this one answers none')
  const place = scope.materialise(field)
  return [
    {
      label: review.label,
      reason: `no class has a probability of ${review.below} or more`,
      uses: [place],
      holds(frame, rows) {
        const { data } = frame[place] as Column & { type: 'vector' }
        const width = rows === 0 ? 0 : data.length / rows
        const holds = new Uint8Array(rows)
        for (let row = 0; row < rows; row++) {
          let sure = false
          for (let k = row * width; k < (row + 1) * width; k++) if (data[k]! >= review.below) sure = true
          if (!sure) holds[row] = 1
        }
        return holds
      },
    },
  ]
}
