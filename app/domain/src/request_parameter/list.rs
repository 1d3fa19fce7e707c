//! All parameters that an API declares.

use serde::{Deserialize, Serialize};

use super::{ParameterLocation, RequestParameter};
use crate::path::{ApiPath, Segment};

/// The parameters that an API declares: at most 50, each name once in each location. Source: APIG
/// quotas.
///
/// What stands in braces in the path is a parameter whether it is declared or not: a text that is
/// there, or the path is not met. Declaring it says what the text may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<RequestParameter>", into = "Vec<RequestParameter>")]
pub struct RequestParameters(Vec<RequestParameter>);

/// Why parameters are not [`RequestParameters`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequestParameters {
    /// There are more than 50.
    #[error("must be at most 50 parameters, are {0}")]
    Count(usize),
    /// A name stands twice in one location.
    #[error("parameter {0} in {part} is given twice", part = .1.part())]
    Twice(String, ParameterLocation),
}

/// A parameter is declared for a path that does not have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path has no {{{0}}}, which is declared as a parameter of it")]
pub struct NotInPath(pub String);

impl NotInPath {
    /// The code of the error. Source: APIG, management error codes.
    pub const CODE: &'static str = "APIG.2026";
}

impl InvalidRequestParameters {
    /// The code of the error. Source: APIG, management error codes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count(_) => "APIG.3111",
            Self::Twice(..) => "APIG.3209",
        }
    }
}

impl RequestParameters {
    /// Most parameters of an API.
    pub const MAX_COUNT: usize = 50;

    /// The parameters: those of the path, of the query, and the headers, each by name.
    pub fn iter(&self) -> impl Iterator<Item = &RequestParameter> {
        self.0.iter()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks that the path has the parameters that are declared to be in it.
    pub fn check_path(&self, path: &ApiPath) -> Result<(), NotInPath> {
        let mut of_path = self
            .0
            .iter()
            .filter(|it| it.location() == ParameterLocation::Path);
        let is_there =
            |parameter: &RequestParameter| names_in(path).any(|name| name == parameter.name());
        match of_path.find(|parameter| !is_there(parameter)) {
            Some(parameter) => Err(NotInPath(parameter.name().to_owned())),
            None => Ok(()),
        }
    }

    /// The parameters of a path that are not declared, in their order.
    pub fn undeclared<'a>(&'a self, path: &'a ApiPath) -> impl Iterator<Item = &'a str> {
        let is_declared = |name: &str| {
            let mut all = self.0.iter();
            all.any(|it| it.location() == ParameterLocation::Path && it.name() == name)
        };
        names_in(path).filter(move |name| !is_declared(name))
    }
}

/// The names of the parameters of a path, in their order.
fn names_in(path: &ApiPath) -> impl Iterator<Item = &str> {
    path.segments().filter_map(|segment| match segment {
        Segment::Parameter(name) | Segment::Rest(name) => Some(name),
        Segment::Literal(_) => None,
    })
}

impl TryFrom<Vec<RequestParameter>> for RequestParameters {
    type Error = InvalidRequestParameters;

    fn try_from(mut all: Vec<RequestParameter>) -> Result<Self, InvalidRequestParameters> {
        if all.len() > Self::MAX_COUNT {
            return Err(InvalidRequestParameters::Count(all.len()));
        }
        for (at, one) in all.iter().enumerate() {
            if all[..at].iter().any(|other| other.is_the_same(one)) {
                let name = one.name().to_owned();
                return Err(InvalidRequestParameters::Twice(name, one.location()));
            }
        }
        // One order, so that two definitions that declare the same are the same.
        all.sort_by(|one, other| {
            let key = |it: &RequestParameter| (it.location() as u8, it.name().to_owned());
            key(one).cmp(&key(other))
        });
        Ok(Self(all))
    }
}

impl From<RequestParameters> for Vec<RequestParameter> {
    fn from(parameters: RequestParameters) -> Self {
        parameters.0
    }
}
