// A large file is sent as it is, with its progress; what is wrong with it is said beside it.

export function startUpload() {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const input = form.querySelector("input");
  const bar = form.querySelector("progress");
  input.addEventListener("change", () => {
    const file = input.files[0];
    if (file) send(form, file, bar);
  });
}

function send(form, file, bar) {
  const words = form.dataset;
  const said = form.querySelector("[data-f=said]");
  const wire = new XMLHttpRequest();
  wire.open("POST", words.upload + encodeURIComponent(file.name));
  wire.setRequestHeader("Content-Type", "application/octet-stream");
  wire.setRequestHeader("X-Switchroom-CSRF", words.csrf);
  wire.responseType = "json";
  wire.upload.addEventListener("progress", (event) => {
    bar.max = event.total;
    bar.value = event.loaded;
    if (event.loaded === event.total) said.textContent = words.looking;
  });
  wire.addEventListener("loadend", () => {
    bar.hidden = true;
    if (wire.status === 200) location.reload();
    else said.textContent = wire.response?.problem || words.failed;
  });
  bar.hidden = false;
  said.textContent = words.sending;
  wire.send(file);
}
