/** The same response, which breaks off with an error where it becomes longer than `limitBytes`. */
export function boundedResponse(response: Response, limitBytes: number, tooLong: () => Error): Response {
  if (!response.body) return response
  let bytes = 0
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength
        if (bytes <= limitBytes) controller.enqueue(chunk)
        else controller.error(tooLong())
      },
    }),
  )
  const { status, statusText, headers } = response
  return new Response(counted, { status, statusText, headers })
}
