//! Formats ages.

use jiff::Timestamp;

/// The age in one unit, like `AGE` of kubectl; empty for an unknown time.
pub(super) fn age(time: Option<Timestamp>, now: Timestamp) -> String {
    let Some(time) = time else {
        return String::new();
    };
    let seconds = (now.as_second() - time.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_one_unit() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (seconds, want) in [
            (-5, "0s"),
            (119, "119s"),
            (120, "2m"),
            (7199, "119m"),
            (7200, "2h"),
            (172_800, "2d"),
        ] {
            let time = Timestamp::from_second(1_000_000 - seconds).unwrap();
            assert_eq!(age(Some(time), now), want);
        }
        assert_eq!(age(None, now), "");
    }
}
