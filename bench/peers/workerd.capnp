using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "loader", worker = .loader)],
  # Where it listens is said when it is started.
  sockets = [(name = "http", http = (), service = "loader")],
);

const loader :Workerd.Worker = (
  modules = [(name = "loader.js", esModule = embed "loader.js")],
  compatibilityDate = "2026-11-17",
  bindings = [
    (name = "LOADER", workerLoader = ()),
    (name = "HANDLER", text = embed "handler.js"),
  ],
);
