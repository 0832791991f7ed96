//! Random inputs: of any kind, and such as one true history at Smartpay would give.

use proptest::collection::vec;
use proptest::prelude::Just;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prop_oneof;

use tokenledger::token::Command;
use tokenledger::token::Said;

use crate::token_inputs::Input;

const TYPES: [(&str, Said); 6] = [
    ("SessionCreated", Said::RequiresAuthorization),
    ("Activated", Said::Active),
    ("Enabled", Said::Active),
    ("Disabled", Said::Disabled),
    ("Rejected", Said::Rejected),
    ("Deleted", Said::Deleted),
];
const BORN: i64 = 1;
/// Few times, so that ties are common; one before the creation, which no honest clock gives.
const TIMES: [i64; 6] = [0, BORN, 10, 20, 21, 30];

/// Everything that Smartpay said, and three orders in which it may arrive.
#[derive(Clone, Debug)]
pub(crate) struct TrueHistory {
    pub(crate) inputs: Vec<Input>,
    pub(crate) orders: Vec<Vec<usize>>,
    /// Two things happened within one millisecond.
    pub(crate) tied: bool,
    /// What the newest statement says; `None` when nothing but the creation was told.
    pub(crate) newest: Option<Said>,
}

#[derive(Clone, Copy, Debug)]
struct Moment {
    at: i64,
    kind: &'static str,
    said: Said,
}

pub(crate) fn any_notice() -> impl Strategy<Value = Input> {
    let body =
        prop_oneof![3 => Just(None), 1 => prop::sample::select(&Said::ALL[..]).prop_map(Some)];
    let times = (prop::sample::select(&TIMES[..]), prop::sample::select(vec![0, 1, 10]));
    (prop::sample::select(&TYPES[..]), body, times).prop_map(
        |((kind, fitting), body, (at, lag))| Input::Notice {
            r#type: kind.to_owned(),
            status: body.unwrap_or(fitting),
            updated_at: at,
            created_at: at + lag,
            token_created_at: BORN,
        },
    )
}

pub(crate) fn any_input() -> impl Strategy<Value = Input> {
    let time = || prop::sample::select(&TIMES[..]);
    let reading = (prop::sample::select(&Said::ALL[..]), time(), any::<bool>());
    prop_oneof![
        5 => any_notice(),
        4 => reading.prop_map(|(status, updated_at, fresh)| Input::Reading {
            status, updated_at, fresh
        }),
        1 => time().prop_map(|at| Input::Absent { at: at + 5 }),
        1 => time().prop_map(|at| Input::Cancel { at: at + 5 }),
    ]
}

/// A walk through Smartpay's states; of each moment perhaps a notice, rendered then or later, and
/// readings of any moment.
pub(crate) fn a_true_history() -> impl Strategy<Value = TrueHistory> {
    let steps = vec((any::<prop::sample::Index>(), prop::sample::select(vec![0, 1, 10])), 0..6);
    let notices = vec((any::<[prop::sample::Index; 2]>(), 0..20_i64), 0..=6);
    let readings = vec(any::<prop::sample::Index>(), 0..=3);
    (steps, notices, readings).prop_flat_map(|(steps, notices, readings)| {
        let moments = walk(&steps);
        let mut inputs = Vec::new();
        for ([happened, rendered], lag) in &notices {
            let place = happened.index(moments.len());
            let (happened, later) = (moments.get(place).unwrap(), moments.get(place..).unwrap());
            inputs.push(told(*happened, *rendered.get(later), *lag));
        }
        for read in &readings {
            let Moment { at, said, .. } = *read.get(&moments);
            inputs.push(Input::Reading { status: said, updated_at: at, fresh: false });
        }
        let newest = newest(&inputs);
        let mut neighbours = moments.iter().zip(moments.iter().skip(1));
        let tied = neighbours.any(|(one, next)| one.at == next.at);
        let order = Just((0..inputs.len()).collect::<Vec<usize>>()).prop_shuffle();
        vec(order, 3).prop_map(move |orders| TrueHistory {
            inputs: inputs.clone(),
            orders,
            tied,
            newest,
        })
    })
}

impl TrueHistory {
    /// The commands in one of the orders, and all of them once more.
    pub(crate) fn told(&self, order: &[usize]) -> Vec<Command> {
        let twice = order.iter().chain(order).filter_map(|&place| self.inputs.get(place));
        twice.map(Input::command).collect()
    }
}

/// The same commands; a reading is fresh where nothing newer came before it.
pub(crate) fn freshened(mut commands: Vec<Command>) -> Vec<Command> {
    let mut newest = None;
    for command in &mut commands {
        match command {
            Command::Notice(notice) => newest = newest.max(Some(notice.updated_at)),
            Command::Reading(reading) => {
                reading.fresh = Some(reading.updated_at) >= newest;
                newest = newest.max(Some(reading.updated_at));
            }
            Command::Absence(_) | Command::Claim(_) | Command::Cancel(_) => {}
        }
    }
    commands
}

/// Every order of so many things.
pub(crate) fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    orders
}

fn walk(steps: &[(prop::sample::Index, i64)]) -> Vec<Moment> {
    let said = Said::RequiresAuthorization;
    let mut moments = vec![Moment { at: BORN, kind: "SessionCreated", said }];
    for (choice, gap) in steps {
        let last = *moments.last().unwrap();
        let next: &[&str] = match last.said {
            Said::RequiresAuthorization => &["Activated", "Activated", "Rejected"],
            Said::Active => &["Disabled", "Disabled", "Deleted"],
            Said::Disabled => &["Enabled", "Enabled", "Deleted"],
            Said::Rejected | Said::Deleted => break,
        };
        let kind = *choice.get(next);
        let said = TYPES.iter().find(|(name, _)| *name == kind).unwrap().1;
        // The approval never shares the millisecond of the creation.
        let at = last.at + if moments.len() == 1 { (*gap).max(1) } else { *gap };
        moments.push(Moment { at, kind, said });
    }
    moments
}

fn told(happened: Moment, rendered: Moment, lag: i64) -> Input {
    Input::Notice {
        r#type: happened.kind.to_owned(),
        status: rendered.said,
        updated_at: rendered.at,
        created_at: happened.at + lag,
        token_created_at: BORN,
    }
}

/// The newest statement among the inputs. A body that says `active` under another type is none,
/// and a deletion is the last, whenever it is told.
fn newest(inputs: &[Input]) -> Option<Said> {
    let said = inputs.iter().filter_map(|input| match input {
        Input::Notice { r#type, status, updated_at, .. } => {
            let fitting = TYPES.iter().find(|(name, _)| name == r#type).unwrap().1;
            let counts = fitting == *status || *status != Said::Active;
            counts.then_some((*updated_at, *status))
        }
        Input::Reading { status, updated_at, .. } => Some((*updated_at, *status)),
        Input::Absent { .. } | Input::Cancel { .. } => None,
    });
    let statements = said.filter(|(_, said)| *said != Said::RequiresAuthorization);
    statements.max_by_key(|(at, _)| *at).map(|(_, said)| said)
}
