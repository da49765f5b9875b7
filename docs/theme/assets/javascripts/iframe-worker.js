// A page that is opened from a folder may not start a Worker, and the search runs in
// one. There, give the script a hidden frame of its own; over http do nothing.
// The search's script knows this arrangement by the name IFrameWorker.
if (location.protocol === "file:") {
  const prelude = `
    function postMessage(data) {
      frameElement.worker.dispatchEvent(new MessageEvent("message", { data }))
    }
    function load(src) {
      return new Promise((onload, onerror) => {
        document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror }))
      })
    }
    function importScripts(...urls) {
      return urls.reduce((before, url) => before.then(() => load(url)), Promise.resolve())
    }`

  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      const script = `<script src="${new URL(url, location)}"></script>`
      Object.assign(frame, { hidden: true, worker: this })
      frame.srcdoc = `<script>${prelude}</script>${script}`
      this.ready = new Promise(done => { frame.onload = () => done(frame.contentWindow) })
      document.body.append(frame)
    }

    postMessage(data) {
      this.ready.then(inside => inside.dispatchEvent(new MessageEvent("message", { data })))
    }
  }
}
