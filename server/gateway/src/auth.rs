//! Who may call an API.

use sluice_domain::trigger::Authentication;

use crate::error::GatewayError;

/// Lets the request through, or says what is missing. What the gateway cannot
/// check it refuses: a trigger with an authentication that came into the
/// database by another way must not stand open.
pub(crate) fn check(authentication: Authentication) -> Result<(), GatewayError> {
    match authentication {
        Authentication::None => Ok(()),
        Authentication::App | Authentication::Iam => {
            Err(GatewayError::NotAuthenticated(authentication))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_checked_is_let_through() {
        for &authentication in Authentication::ALL {
            assert_eq!(
                check(authentication).is_ok(),
                authentication == Authentication::None
            );
        }
    }
}
