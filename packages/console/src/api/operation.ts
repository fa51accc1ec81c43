import type { Operation } from '@fairlead/contract/control'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { control } from './control.ts'

/** Thrown when a piece of long work ended badly; carries the operation's own code and words. */
export class OperationFailed extends Error {
  readonly code: string
  constructor(error: { code: string; detail: string }) {
    super(error.detail)
    this.code = error.code
  }
}

async function follow(first: Operation, tell: (operation: Operation) => void): Promise<Operation> {
  let operation = first
  tell(operation)
  while (operation.state === 'running') {
    operation = await control.call('getOperation', { params: { operation: operation.id }, query: { wait: 2 } })
    tell(operation)
  }
  if (operation.state === 'failed') throw new OperationFailed(operation.error ?? { code: 'internal', detail: 'It failed without a reason.' })
  return operation
}

/** Starts long work and follows it to its end; `operation` is where it stands now. Everything on show is read again afterwards. */
export function useOperation<V>(start: (value: V) => Promise<Operation>) {
  const client = useQueryClient()
  const [operation, setOperation] = useState<Operation>()
  const mutation = useMutation({
    mutationFn: async (value: V) => follow(await start(value), setOperation),
    onSettled: () => client.invalidateQueries(),
  })
  return {
    ...mutation,
    operation,
    reset: () => {
      setOperation(undefined)
      mutation.reset()
    },
  }
}
