import { ANSWERED, type Context, type Handlers, whoOf } from './call.ts'

type Names = 'createJob' | 'previewJob' | 'listJobs' | 'getJob' | 'watchJob' | 'pauseJob' | 'resumeJob' | 'cancelJob'

/** Files that are scored. */
export function jobHandlers({ jobs, streams }: Context): Handlers<Names> {
  return {
    createJob: (call) => jobs.create(call.body, whoOf(call)),
    previewJob: ({ body }) => jobs.preview(body),
    listJobs: ({ query }) => jobs.list(query),
    getJob: ({ params, query }) => jobs.settled(params.job, query.wait * 1000),
    watchJob: async (call) => {
      const { params } = call
      await jobs.get(params.job)
      const stream = streams.open(call)
      for await (const job of jobs.watch(params.job, stream.signal)) stream.send('job', job)
      stream.close()
      return ANSWERED
    },
    pauseJob: ({ params }) => jobs.pause(params.job),
    resumeJob: ({ params }) => jobs.resume(params.job),
    cancelJob: ({ params }) => jobs.cancel(params.job),
  }
}
