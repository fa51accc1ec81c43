import { axum } from './axum/contender.ts'
import { bentoml } from './bentoml/contender.ts'
import type { Contender } from './contender.ts'
import { fastapi } from './fastapi/contender.ts'
import { kserve } from './kserve/contender.ts'
import { litserve } from './litserve/contender.ts'
import { mlflow } from './mlflow/contender.ts'
import { mlserver } from './mlserver/contender.ts'
import { ray } from './ray/contender.ts'
import { triton } from './triton/contender.ts'

/** All servers that ours is compared with, apart from the echo. */
export const CONTENDERS: readonly Contender[] = [axum, triton, fastapi, mlserver, kserve, mlflow, bentoml, litserve, ray]

/** What is wrong with a choice of names; undefined when all are there. */
export function wrongChoice(names: readonly string[]): string | undefined {
  const unknown = names.find((name) => !CONTENDERS.some((contender) => contender.name === name))
  return unknown && `There is no server "${unknown}" to compare with; there are ${CONTENDERS.map(({ name }) => name).join(', ')}.`
}

/** The chosen ones by name; all for an empty list. */
export function chosen(names: readonly string[]): Contender[] {
  return names.length === 0 ? [...CONTENDERS] : CONTENDERS.filter(({ name }) => names.includes(name))
}
