//! The system user that runs the server: ourselves, or a humbler one when we are root.

use std::fs;
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::embedded::command;
use crate::embedded::error::Error;

const LOOKUP_LIMIT: Duration = Duration::from_secs(10);

/// Who may run a server for root, in this order.
const HUMBLE: [&str; 2] = ["postgres", "nobody"];

/// The user that runs the server and owns its files.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    gid: u32,
    /// Whether that is another user than ours, who is then root.
    dropped: bool,
}

impl Account {
    /// The owner of an existing cluster stays its user.
    pub(crate) fn find(cluster: &Path) -> Result<Account, Error> {
        let (uid, gid) = (id("-u", None)?, id("-g", None)?);
        let owner = fs::metadata(cluster).ok().map(|found| (found.uid(), found.gid()));
        match owner {
            Some((owner, group)) if uid == 0 && owner != 0 => {
                Ok(Account { uid: owner, gid: group, dropped: true })
            }
            Some((owner, _)) if owner != uid => {
                Err(Error::OtherOwner { data: cluster.to_path_buf(), uid: owner })
            }
            Some(_) | None if uid != 0 => Ok(Account { uid, gid, dropped: false }),
            Some(_) | None => Account::humble(),
        }
    }

    fn humble() -> Result<Account, Error> {
        for name in HUMBLE {
            let ids = id("-u", Some(name)).and_then(|uid| Ok((uid, id("-g", Some(name))?)));
            if let Ok((uid, gid)) = ids {
                return Ok(Account { uid, gid, dropped: true });
            }
        }
        Err(Error::NoAccount)
    }

    /// A program run as the server's user. Its messages are in English, because we read some.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir("/").env("LC_ALL", "C");
        if self.dropped {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Whether the server's user can enter a directory.
    pub(crate) fn reaches(&self, dir: &Path) -> bool {
        let enter = self.command("/bin/sh").args(["-c", "cd \"$0\""]).arg(dir).output();
        enter.is_ok_and(|output| output.status.success())
    }

    /// Writes a file as the server's user: root must not follow links in a directory of another.
    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<(), Error> {
        self.tee(path, text).map_err(Error::io("write", path))
    }

    fn tee(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut tee = self
            .command("tee")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = tee.stdin.take() {
            stdin.write_all(text.as_bytes())?;
        }
        if tee.wait()?.success() { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    /// Gives a directory that we have just made to the server's user.
    pub(crate) fn own(&self, dir: &Path) -> Result<(), Error> {
        if self.dropped {
            chown(dir, Some(self.uid), Some(self.gid)).map_err(Error::io("hand over", dir))?;
        }
        Ok(())
    }

    /// The system users that may connect: ourselves and the server's own; root could anyway.
    pub(crate) fn callers(&self) -> Result<Vec<String>, Error> {
        let mut names = vec!["root".to_owned()];
        let server = self.uid.to_string();
        for user in [None, Some(server.as_str())] {
            let name = name_of(user)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

fn name_of(user: Option<&str>) -> Result<String, Error> {
    let mut lookup = Command::new("id");
    lookup.arg("-un").args(user);
    Ok(command::run("asking for a user's name", &mut lookup, LOOKUP_LIMIT)?.trim().to_owned())
}

fn id(kind: &str, name: Option<&str>) -> Result<u32, Error> {
    const DOING: &str = "asking for a user's number";
    let mut lookup = Command::new("id");
    lookup.arg(kind).args(name);
    let output = command::run(DOING, &mut lookup, LOOKUP_LIMIT)?;
    let number = output.trim().parse();
    number.map_err(|_| Error::Command { doing: DOING, output: output.trim().to_owned() })
}
