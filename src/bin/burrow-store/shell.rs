//! The commands.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    path::Path,
    pin::pin,
    process::ExitCode,
    sync::Arc,
    task::{Context, Poll, Wake},
    thread::{self, Thread},
};

use burrow::{
    RuntimeStore, RuntimeStoreError, SqliteRuntimeStore,
    store::{Finding, OnConflict},
};
use serde::Serialize;

const HELP: &str = "burrow-store: a store in an SQLite file, from a shell

  burrow-store export PATH [FILE]                 writes all that the store holds to FILE, a new file, or to the standard output
  burrow-store import PATH [FILE] [--overwrite]   takes an export from FILE, or from the standard input, into the store, which is made
                                                  where there is none; with --overwrite also where the store has something else
  burrow-store status PATH                        says what the store is
  burrow-store verify PATH                        reads everything and says what is damaged

An import that ended early is completed by doing it again. Results are JSON, problems go to the standard error.
It exits with 0 where all went well, with 1 where something failed or is damaged, with 2 where it was not called so.
";

/// The most problems that are shown.
const FINDINGS: usize = 1000;

/// How many bytes of an export are read at a time.
const CHUNK: usize = 1 << 20;

/// Why the program ends early.
enum Failure {
    /// The arguments are wrong.
    Usage(String),
    Failed(String),
    /// Whoever reads what it says has read enough, as `head` has.
    ReadEnough,
}

type Result<T> = std::result::Result<T, Failure>;

impl From<RuntimeStoreError> for Failure {
    fn from(error: RuntimeStoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

pub(super) fn main() -> ExitCode {
    let (code, told) = match run(&env::args_os().skip(1).collect::<Vec<_>>()) {
        Ok(code) => (code, None),
        Err(Failure::ReadEnough) => (1, None),
        Err(Failure::Failed(message)) => (1, Some(message)),
        Err(Failure::Usage(message)) => (2, Some(message + "; see burrow-store --help")),
    };
    if let Some(message) = told {
        // There is nobody left to tell that it could not be told.
        let _ = writeln!(io::stderr(), "burrow-store: {message}");
    }
    ExitCode::from(code)
}

fn run(args: &[OsString]) -> Result<u8> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return print(HELP.as_bytes()).map(|()| 0);
    }
    let usage = |message: String| Err(Failure::Usage(message));
    let overwrite = args.iter().any(|arg| arg == "--overwrite");
    let words: Vec<&OsStr> = args.iter().map(OsString::as_os_str).filter(|arg| *arg != "--overwrite").collect();
    let Some(name) = words.first() else { return usage("no command was given".to_owned()) };
    let name = name.to_string_lossy();
    let most = match &*name {
        "export" | "import" => 3,
        "status" | "verify" => 2,
        _ => return usage(format!("there is no command {}", quoted(&*name))),
    };
    if let Some(option) = words.iter().find(|arg| arg.as_encoded_bytes().starts_with(b"-")) {
        return usage(format!("unknown option {}", option.to_string_lossy()));
    }
    if overwrite && name != "import" {
        return usage("--overwrite is for import".to_owned());
    }
    let Some(path) = words.get(1).map(Path::new) else { return usage(format!("{name} takes the PATH of a store")) };
    if let Some(surplus) = words.get(most) {
        return usage(format!("unknown argument {}", quoted(surplus)));
    }
    let file = words.get(2).map(Path::new);
    let read = if name == "import" { file } else { Some(path) };
    if let Some(missing) = read.filter(|read| !read.exists()) {
        return Err(Failure::Failed(format!("there is no file {}", quoted(missing))));
    }
    wait(async {
        let store = SqliteRuntimeStore::open(path).await?;
        match &*name {
            "export" => export(&store, file).await,
            "import" => import(&store, file, overwrite).await,
            "status" => status(&store),
            _ => verify(&store).await,
        }
    })
}

async fn export(store: &SqliteRuntimeStore, file: Option<&Path>) -> Result<u8> {
    let mut export = store.export();
    let Some(file) = file else {
        while let Some(lines) = export.next().await? {
            print(lines.as_bytes())?;
        }
        return Ok(0);
    };
    // Never over another file: that may be the only good copy.
    let mut to = File::create_new(file).map_err(|error| failed(file, &error))?;
    let written = async {
        let mut bytes = 0;
        while let Some(lines) = export.next().await? {
            to.write_all(lines.as_bytes()).map_err(|error| failed(file, &error))?;
            bytes += lines.len();
        }
        to.sync_all().map_err(|error| failed(file, &error))?;
        Ok(bytes)
    };
    let bytes = written.await.inspect_err(|_: &Failure| drop(fs::remove_file(file)))?;

    #[derive(Serialize)]
    struct Exported<'a> {
        file: &'a str,
        bytes: usize,
    }
    print_json(&Exported { file: &file.to_string_lossy(), bytes })?;
    Ok(0)
}

async fn import(store: &SqliteRuntimeStore, file: Option<&Path>, overwrite: bool) -> Result<u8> {
    let (name, mut source): (_, Box<dyn Read>) = match file {
        Some(file) => (file, Box::new(File::open(file).map_err(|error| failed(file, &error))?)),
        None => (Path::new("the standard input"), Box::new(io::stdin())),
    };
    let mut import = store.import(if overwrite { OnConflict::Overwrite } else { OnConflict::Refuse });
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => import.write(&chunk[..length]).await?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(name, &error)),
        }
    }
    let imported = import.finish().await?;

    #[derive(Serialize)]
    struct Imported {
        records: u64,
        written: u64,
    }
    print_json(&Imported { records: imported.records, written: imported.written })?;
    Ok(0)
}

fn status(store: &SqliteRuntimeStore) -> Result<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        authority_key: Option<String>,
        backend: &'static str,
        durability: &'static str,
        reopens: u32,
    }
    let (authority_key, reopens) = (store.auth_authority_key(), store.reopens());
    print_json(&Status { authority_key, backend: "sqlite", durability: "strict", reopens })?;
    Ok(0)
}

async fn verify(store: &SqliteRuntimeStore) -> Result<u8> {
    #[derive(Serialize)]
    struct Problem {
        table: &'static str,
        key: String,
        problem: String,
    }
    #[derive(Default, Serialize)]
    struct Verified {
        records: u64,
        problems: usize,
        findings: Vec<Problem>,
    }
    let mut verify = store.verify();
    let mut verified = Verified::default();
    while let Some(findings) = verify.next().await? {
        verified.problems += findings.len();
        let shown = findings.into_iter().take(FINDINGS - verified.findings.len());
        verified.findings.extend(shown.map(|Finding { table, key, problem, .. }| Problem { table, key, problem }));
    }
    verified.records = verify.records();
    print_json(&verified)?;
    Ok(u8::from(verified.problems > 0))
}

fn failed(file: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("{}: {error}", quoted(file)))
}

/// A word in quotes, for errors.
fn quoted(word: impl AsRef<OsStr>) -> String {
    serde_json::Value::from(word.as_ref().to_string_lossy()).to_string()
}

fn print_json(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| Failure::Failed(error.to_string()))?;
    text.push(b'\n');
    print(&text)
}

/// Writes to the standard output.
fn print(bytes: &[u8]) -> Result<()> {
    let mut to = io::stdout().lock();
    to.write_all(bytes).and_then(|()| to.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::ReadEnough,
        _ => Failure::Failed(format!("the standard output: {error}")),
    })
}

/// Waits for a future on this thread: the store is on another.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
