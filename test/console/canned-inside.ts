import type { Explanation, Row } from '@fairlead/contract'
import type { ModelComparison, ModelFacts, ModelTree, TreeNode } from '@fairlead/contract/control'

const TREES = 120
const COLUMNS = [
  'duration',
  'credit_amount',
  'installment_rate_as_percentage_of_disposable_income_xxxxxxx',
  'age',
  'ملاحظة',
  'purpose',
  '職業',
  'telephone',
  'owns_home',
]
/** Model with many columns and classes; the others have two classes. */
const WIDE = 'churn-prediction-for-business-customers-of-the-northern-region-v2'
const CLASSES = ['stays', 'leaves within the month', 'leaves within the year', '未定', 'downgrades', 'upgrades', 'is sold to', 'moves', 'closes', 'unknown']

function columnsOf(name: string): string[] {
  return name === WIDE ? [...COLUMNS, ...Array.from({ length: 200 }, (_, at) => `usage_of_month_${at + 1}`)] : COLUMNS
}

/** A number from 0 to 1 that is always the same for a seed. */
function chance(seed: number): number {
  const sine = Math.sin(seed * 12.9898 + 4.1) * 43_758.5453
  return sine - Math.floor(sine)
}

/** What runs of 1, 128, 1,024 and 10,000 rows take. */
function costs(...micros: number[]): { rows: number; micros: number }[] {
  return micros.map((one, at) => ({ rows: [1, 128, 1024, 10_000][at]!, micros: one }))
}

/** What import found out about a version of trees. */
export function treeFacts(model: string, number: number): Pick<ModelFacts, 'trees' | 'importance' | 'runtimes'> {
  return {
    trees: { trees: TREES, nodes: TREES * 49, leaves: TREES * 25, depth: 7, outputs: model === WIDE ? CLASSES.length : 1 },
    importance: { by: 'gain', columns: columnsOf(model).map((name, at) => ({ name, value: (4120 + number * 40) / (at + 1) ** 1.4 })) },
    runtimes: {
      chosen: 'compiled',
      machine: 1.08,
      reason: 'Compiled takes 2.1 µs for one row, ONNX Runtime 38 µs; 128 rows take 180 µs and 410 µs.',
      ways: [
        {
          runtime: 'onnx',
          measured: costs(38, 410, 2300),
          estimated: costs(31, 460, 2900, 28_000),
          ...(number === 3 ? { problem: 'The operator TreeEnsemble of ai.onnx.ml 5 is newer than ONNX Runtime 1.17.' } : {}),
        },
        {
          runtime: 'compiled',
          measured: costs(2.1, 180, 720, 7100),
          estimated: costs(1.8, 44, 330, 3200),
        },
      ],
      ...(number === 3 ? {} : { agreement: { agree: true, rows: 1000, largestDifference: 2.4e-7 } }),
    },
  }
}

function split(seed: number): Pick<TreeNode, 'feature' | 'test'> {
  const feature = COLUMNS[Math.floor(chance(seed) * COLUMNS.length)] ?? 'age'
  if (feature === 'purpose') return { feature, test: 'purpose in car, furniture, business or missing' }
  if (feature === '職業') return { feature, test: '職業 is not 会社員' }
  return {
    feature,
    test: `${feature} ${chance(seed + 1) > 0.5 ? '<' : '≤'} ${(chance(seed + 2) * 60).toFixed(1)}${chance(seed + 3) > 0.7 ? ' or missing' : ''}`,
  }
}

/** One tree down to a depth; the same number gives the same tree. */
export function tree(number: number, depth: number): ModelTree {
  const nodes: TreeNode[] = []
  let level = [{ id: number * 1000, cover: 700 }]
  for (let deep = 0; level.length > 0; deep++) {
    level = level.flatMap(({ id, cover }, at) => {
      const seed = number * 31 + deep * 7 + at
      if (deep > 1 && chance(seed) > 0.75) nodes.push({ id, cover, kind: 'leaf', values: [chance(seed + 5) - 0.5] })
      else if (deep >= Math.min(depth, 6))
        nodes.push({ id, cover, kind: 'rest', splits: 1 + Math.floor(chance(seed) * 9), leaves: 2 + Math.floor(chance(seed) * 9) })
      else {
        const share = 0.2 + 0.6 * chance(seed + 9)
        const [yes, no] = [number * 1000 + 2 * (id % 1000) + 1, number * 1000 + 2 * (id % 1000) + 2]
        nodes.push({ id, cover, kind: 'split', ...split(seed), gain: 100 * chance(seed), yes, no })
        return [
          { id: yes, cover: cover * share },
          { id: no, cover: cover * (1 - share) },
        ]
      }
      return []
    })
  }
  return { step: 0, tree: number, trees: TREES, nodes, ...(number % 2 ? { output: 'bad' } : {}) }
}

/** In what two versions differ. */
export function comparison(): ModelComparison {
  const before = { trees: 100, nodes: 4812, depth: 6 }
  return {
    same: false,
    changes: [
      { what: 'objective', before: 'binary:logistic', after: 'binary:hinge' },
      { what: 'column telephone', before: null, after: 'one of none, yes' },
      { what: 'column installment_rate_as_percentage_of_disposable_income_xxxxxxx', before: 'number', after: null },
      { what: 'numbers of step 0', before: 'trees', after: 'trees' },
    ],
    ensembles: [
      {
        before,
        after: { trees: TREES, nodes: 5880, depth: 7 },
        same: 61,
        changed: 39,
        firstChanged: Array.from({ length: 39 }, (_, at) => at + 61),
        added: 20,
        removed: 0,
      },
    ],
    importance: COLUMNS.map((name, at) => {
      const [was, is] = [0.3 / (at + 1), Math.max(0, 0.3 / (at + 1) + (at % 2 ? 0.041 : -0.062) / (at + 1))]
      return { name, before: was, after: is, shift: is - was }
    }),
    answers: {
      rows: 180,
      leftOut: 20,
      equalRows: 131,
      labelRows: 2,
      largestDifference: 0.1873,
      differing: Array.from({ length: 10 }, (_, at) => ({
        row: Object.fromEntries(
          COLUMNS.map((name, column) => [name, column % 3 === 2 ? 'furniture or equipment' : Math.round(4000 * chance(at * 9 + column))]),
        ),
        field: at < 2 ? 'label' : 'probabilities.bad',
        before: at < 2 ? 'good' : 0.4 + at / 1000,
        after: at < 2 ? 'bad' : 0.4 + at / 1000 + 0.1873 / at,
      })),
    },
  }
}

function reason(name: string, row: Row, added: number): string {
  const value = row[name]
  const subject = value === null ? `${name} is missing and` : value === undefined ? name : `${name} = ${String(value)}`
  return `${subject} ${added > 0 ? 'raises' : 'lowers'} it by ${Number(Math.abs(added).toPrecision(3))}`
}

/** Why a row got its answer. */
export function explanation(deployment: string, row: Row): Explanation {
  const names = columnsOf(deployment)
  const classes = deployment === WIDE ? CLASSES : ['good']
  return {
    method: 'path-dependent',
    outputs: classes.map((of, output) => {
      const added = names.map((_, at) => ((chance(at * 3 + output) - 0.4) * 1.8) / (at + 1))
      const bias = -0.42
      const order = names.map((name, at) => ({ name, added: added[at] ?? 0 })).sort((a, b) => Math.abs(b.added) - Math.abs(a.added))
      return {
        of,
        bias,
        margin: added.reduce((sum, one) => sum + one, bias),
        contributions: Object.fromEntries(names.map((name, at) => [name, added[at] ?? 0])),
        reasons: order.slice(0, 5).map((one) => reason(one.name, row, one.added)),
      }
    }),
  }
}

/** The answer to a row of the deployment with many classes. */
export const wideAnswer = { label: CLASSES[0], probabilities: Object.fromEntries(CLASSES.map((name, at) => [name, at === 0 ? 0.64 : 0.04])) }
export const isWide = (deployment: string): boolean => deployment === WIDE
