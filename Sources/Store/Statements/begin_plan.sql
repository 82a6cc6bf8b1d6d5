-- Keys of this transaction are written so that every session reads them as what they are, whatever
-- its own settings say.
SELECT set_config('DateStyle', 'ISO', true), set_config('IntervalStyle', 'iso_8601', true),
    set_config('extra_float_digits', '1', true)
