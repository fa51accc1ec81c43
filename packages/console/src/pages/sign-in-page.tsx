import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { control } from '../api/control.ts'
import { statusOf } from '../api/problem.ts'
import { TroubleView } from '../ui/feedback.tsx'
import { Command } from '../ui/show.tsx'

/** Takes the token out of the address, so that it neither stays in the history nor is tried twice. */
function takeFragment(): string | undefined {
  const token = decodeURIComponent(window.location.hash.slice(1))
  if (token === '') return undefined
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  return token
}

function useSignIn() {
  const client = useQueryClient()
  const router = useRouter()
  const navigate = useNavigate()
  const { next } = useSearch({ from: '/sign-in' })
  return useMutation({
    mutationFn: (token: string) => control.call('createSession', { body: { token } }),
    onSuccess: async () => {
      client.clear()
      if (next === undefined) await navigate({ to: '/', replace: true })
      else router.history.replace(next)
    },
  })
}

/** Signs in with the token of a link, or with one that is pasted. */
export function SignInPage() {
  const signIn = useSignIn()
  const [token, setToken] = useState('')
  const [pasted, setPasted] = useState(false)
  const tried = useRef(false)
  const { mutate } = signIn
  useEffect(() => {
    document.title = 'Sign in · Fairlead'
    if (tried.current) return
    tried.current = true
    const found = takeFragment()
    if (found !== undefined) mutate(found)
  }, [mutate])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (token.trim() === '') return
    setPasted(true)
    mutate(token.trim())
  }
  return (
    <main className="fl-signin">
      <section className="fl-panel fl-stack" aria-labelledby="sign-in">
        <div className="fl-row">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <h1 id="sign-in">Sign in to Fairlead</h1>
        </div>
        {signIn.error ? <TroubleView error={signIn.error} /> : null}
        {statusOf(signIn.error) === 401 && pasted ? <p>What was pasted is neither a fresh sign-in token nor the admin token of this platform.</p> : null}
        <div className="fl-stack tight">
          <p>Make a link on the machine where Fairlead runs, and open it. A link works once and for a few minutes.</p>
          <div>
            <Command text="npx fairlead status --sign-in" />
          </div>
        </div>
        <form className="fl-stack" onSubmit={submit}>
          <PasswordInput
            label="Or paste a token"
            description="The admin token: the file admin-token in the data folder."
            autoComplete="off"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <Button type="submit" loading={signIn.isPending} disabled={token.trim() === '' && !signIn.isPending}>
            {signIn.isPending ? 'Signing in' : 'Sign in'}
          </Button>
        </form>
      </section>
    </main>
  )
}
