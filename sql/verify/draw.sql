SELECT * FROM flashsale.read_turn('nobody');
