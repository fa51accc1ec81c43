import { writeJson } from '@fairlead/contract'
import { useQuery } from '@tanstack/react-query'
import { signatureQuery } from '../api/queries.ts'
import { shellQuote } from '../try/snippets.ts'

/** The commands that lead an empty platform to its first deployment. */
export const FIRST_STEPS = ['npx fairlead models import ./model.onnx --name my-model', 'npx fairlead deploy my-deployment --model my-model'] as const

/** The command that asks a deployment for its first prediction, with the example row of its signature. */
export function usePredictCommand(deployment: string): string {
  const signature = useQuery({ ...signatureQuery(deployment), retry: false })
  const row = signature.data?.example[0]
  return `npx fairlead predict ${deployment} --row ${row ? shellQuote(writeJson(row)) : 'JSON'}`
}
