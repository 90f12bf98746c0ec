"""What people type into number boxes."""

TYPED = ("", "   ", "abc", "0,8", "−0.9", "1,000", "1e9", "1e-3", "inf", "nan", "99999999999", "3.7")
