// A page that is opened from a folder may not start a Worker, and the search runs in
// one. There, give the script a hidden frame of its own; over http do nothing.
// The search's script knows this arrangement by the name IFrameWorker.
if (location.protocol === "file:") {
  const prelude = `
    function postMessage(data) { parent.postMessage(data, "*") }
    function load(url) {
      return new Promise((done, fail) => {
        const script = document.createElement("script")
        Object.assign(script, { src: url, onload: done, onerror: fail })
        document.head.append(script)
      })
    }
    function importScripts(...urls) {
      return urls.reduce((before, url) => before.then(() => load(url)), Promise.resolve())
    }`

  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      frame.srcdoc = `<script>${prelude}</script><script src="${new URL(url, location)}"></script>`
      this.frame = new Promise(done => { frame.onload = () => done(frame.contentWindow) })
      addEventListener("message", event => {
        if (event.source === frame.contentWindow)
          this.dispatchEvent(new MessageEvent("message", { data: event.data }))
      })
      document.body.append(frame)
    }

    postMessage(data) {
      this.frame.then(frame => frame.postMessage(data, "*"))
    }
  }
}
